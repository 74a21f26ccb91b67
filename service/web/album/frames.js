/** A frame is `{ x, y, width, height, angle }` in pixels of the page, as the service has it: its middle, its own sides, degrees clockwise. */

export const SHORTEST = 16;

const radians = (frame) => (frame.angle * Math.PI) / 180;
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const round = (value) => Math.round(value * 100) / 100;
const wrapped = (angle) => ((((angle + 180) % 360) + 360) % 360) - 180;

export const rounded = ({ x, y, width, height, angle }) => ({ x: round(x), y: round(y), width: round(width), height: round(height), angle: round(angle) });

/** Move it; its middle stays on the page. */
export const moved = (frame, dx, dy, page) => ({ ...frame, x: clamp(frame.x + dx, 0, page.width), y: clamp(frame.y + dy, 0, page.height) });

/** Draw one corner, `[-1 or 1, -1 or 1]` for left or right, top or bottom; the opposite one stays. */
export function resized(frame, [across, down], dx, dy) {
  const [cos, sin] = [Math.cos(radians(frame)), Math.sin(radians(frame))];
  const width = Math.max(SHORTEST, frame.width + across * (dx * cos + dy * sin));
  const height = Math.max(SHORTEST, frame.height + down * (dy * cos - dx * sin));
  const [right, below] = [(across * (width - frame.width)) / 2, (down * (height - frame.height)) / 2];
  return { ...frame, width, height, x: frame.x + right * cos - below * sin, y: frame.y + right * sin + below * cos };
}

export const spun = (frame, degrees) => ({ ...frame, angle: wrapped(frame.angle + degrees) });

/** The same place, with its upper side a quarter further. */
export const turned = (frame) => ({ ...spun(frame, 90), width: frame.height, height: frame.width });

/** Point the upper side at a place on the page. */
export const pointed = (frame, x, y) => ({ ...frame, angle: wrapped((Math.atan2(y - frame.y, x - frame.x) * 180) / Math.PI + 90) });

/** One frame around several, that lies as the first of them does. */
export function joined([first, ...others]) {
  const [cos, sin] = [Math.cos(radians(first)), Math.sin(radians(first))];
  const spots = [first, ...others].flatMap(corners).map(([x, y]) => [x * cos + y * sin, y * cos - x * sin]);
  const [left, right] = [Math.min(...spots.map(([u]) => u)), Math.max(...spots.map(([u]) => u))];
  const [top, bottom] = [Math.min(...spots.map(([, v]) => v)), Math.max(...spots.map(([, v]) => v))];
  const [u, v] = [(left + right) / 2, (top + bottom) / 2];
  return { x: u * cos - v * sin, y: u * sin + v * cos, width: right - left, height: bottom - top, angle: first.angle };
}

/** The frame between two corners. */
export const between = ([x, y], [u, v]) => ({ x: (x + u) / 2, y: (y + v) / 2, width: Math.abs(u - x), height: Math.abs(v - y), angle: 0 });

function corners(frame) {
  const [cos, sin] = [Math.cos(radians(frame)), Math.sin(radians(frame))];
  return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([across, down]) => {
    const [right, below] = [(across * frame.width) / 2, (down * frame.height) / 2];
    return [frame.x + right * cos - below * sin, frame.y + right * sin + below * cos];
  });
}
