/** CIELAB and sRGB as in `photochrom/color.py`: a colour chosen here must look the same in the result. */

const WHITE = [0.9504559, 1, 1.0890578];
const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const encoded = (v) => (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055);
const compress = (t) => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
const expand = (f) => (f ** 3 > 216 / 24389 ? f ** 3 : (116 * f - 16) / (24389 / 27));

export function labOf([red, green, blue]) {
  const [r, g, b] = [red, green, blue].map((level) => linear(level / 255));
  const [x, y, z] = [0.4123908 * r + 0.3575843 * g + 0.1804808 * b, 0.212639 * r + 0.7151687 * g + 0.0721923 * b, 0.0193308 * r + 0.1191948 * g + 0.9505322 * b];
  const [fx, fy, fz] = [x / WHITE[0], y, z / WHITE[2]].map(compress);
  return { l: 116 * fy - 16, a: 500 * (fx - fy), b: 200 * (fy - fz) };
}

function light({ l, a, b }) {
  const fy = (l + 16) / 116;
  const [x, y, z] = [expand(fy + a / 500) * WHITE[0], expand(fy), expand(fy - b / 200) * WHITE[2]];
  return [3.2409699 * x - 1.5373832 * y - 0.4986108 * z, -0.9692436 * x + 1.8759675 * y + 0.0415551 * z, 0.0556301 * x - 0.203977 * y + 1.0569715 * z];
}

const inGamut = (lab) => light(lab).every((v) => v >= -1e-4 && v <= 1 + 1e-4);
const levels = (linear) => linear.map((v) => Math.round(255 * encoded(Math.min(1, Math.max(0, v)))));
/** Levels 0 to 255 of a colour inside sRGB, else null. */
export const levelsOf = (lab) => (inGamut(lab) ? levels(light(lab)) : null);
export const cssOf = (lab) => `rgb(${levels(light(fitted(lab))).join(" ")})`;

/** The same hue and lightness, with as much chroma as sRGB can show. */
export function fitted({ l, a, b }) {
  if (inGamut({ l, a, b })) return { l, a, b };
  let [low, high] = [0, 1];
  for (let step = 0; step < 14; step += 1) {
    const middle = (low + high) / 2;
    if (inGamut({ l, a: a * middle, b: b * middle })) low = middle;
    else high = middle;
  }
  return { l, a: a * low, b: b * low };
}

export const hueOf = ({ a, b }) => ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360;
export const chromaOf = ({ a, b }) => Math.hypot(a, b);
export const ofHue = (l, hue, chroma) => ({ l, a: chroma * Math.cos((hue * Math.PI) / 180), b: chroma * Math.sin((hue * Math.PI) / 180) });
/** The largest chroma of a hue at this lightness. */
export const mostChroma = (l, hue) => chromaOf(fitted(ofHue(l, hue, 140)));
