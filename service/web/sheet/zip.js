/** Makes a zip of stored files: compression does not make photographs smaller. (APPNOTE 6.3.10, PKWARE 2022.) */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
const MOST = 0xffff0000;

/** Pack `entries`, an async iterable of `{ name, blob }`; throws a RangeError above 4 GB, which needs ZIP64. */
export async function zip(entries) {
  const [parts, directory, names] = [[], [], new Set()];
  let offset = 0;
  for await (const { name, blob } of entries) {
    const path = new TextEncoder().encode(unique(name, names));
    const crc = await crc32(blob);
    parts.push(header(0x04034b50, path, crc, blob.size), blob);
    directory.push(header(0x02014b50, path, crc, blob.size, offset));
    offset += 30 + path.length + blob.size;
    if (offset > MOST) throw new RangeError("more than 4 GB");
  }
  return new Blob([...parts, ...directory, end(directory, offset)], { type: "application/zip" });
}

/** A local header, or with `offset` an entry of the central directory. */
function header(signature, path, crc, size, offset = null) {
  const central = offset !== null;
  const fields = new DataView(new ArrayBuffer(central ? 46 : 30));
  let at = 0;
  const put = (bytes, value) => {
    if (bytes === 2) fields.setUint16(at, value, true);
    else fields.setUint32(at, value, true);
    at += bytes;
  };
  put(4, signature);
  if (central) put(2, 20);
  put(2, 20);
  put(2, 0x0800); // names are UTF-8
  put(2, 0); // stored
  put(2, 0);
  put(2, 0x21); // 1980-01-01, the zero of this calendar
  put(4, crc);
  put(4, size);
  put(4, size);
  put(2, path.length);
  put(2, 0);
  if (central) {
    for (const bytes of [2, 2, 2]) put(bytes, 0);
    put(4, 0);
    put(4, offset);
  }
  return new Blob([fields.buffer, path]);
}

function end(directory, offset) {
  const size = directory.reduce((sum, entry) => sum + entry.size, 0);
  const fields = new DataView(new ArrayBuffer(22));
  fields.setUint32(0, 0x06054b50, true);
  fields.setUint16(8, directory.length, true);
  fields.setUint16(10, directory.length, true);
  fields.setUint32(12, size, true);
  fields.setUint32(16, offset, true);
  return fields.buffer;
}

async function crc32(blob) {
  let crc = 0xffffffff;
  const reader = blob.stream().getReader();
  for (let chunk; !(chunk = await reader.read()).done; ) {
    for (const byte of chunk.value) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** Make names unique: two scans with the same name must not become one file. */
function unique(name, names) {
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  let free = name;
  const key = () => free.normalize("NFC").toLowerCase();
  for (let n = 2; names.has(key()); n += 1) free = `${stem} (${n})${ending}`;
  names.add(key());
  return free;
}
