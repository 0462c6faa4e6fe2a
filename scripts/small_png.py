"""Make a picture of a screen small: 256 colors, which is all that a calm page needs, and the best compression."""

import base64
import struct
import zlib

import numpy as np
from playwright.async_api import Page

COLORS = 256
COMMON = 160
"""Of the palette, those that are there for being common; the others are there for being unlike them."""

BLOCK = 4_096
"""Colors compared with the palette at a time."""

PIXELS = """
async encoded => {
  const bytes = Uint8Array.from(atob(encoded), letter => letter.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], {type: 'image/png'}));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const data = context.getImageData(0, 0, image.width, image.height).data;
  let text = '';
  for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
  return [image.width, image.height, btoa(text)];
}
"""


async def small_png(page: Page, png: bytes) -> bytes:
    """Return the same picture with at most 256 colors.

    Parameters
    ----------
    page : Page
        An empty page of the browser, which decodes it.
    png : bytes
        What a screenshot returns.
    """
    width, height, encoded = await page.evaluate(PIXELS, base64.b64encode(png).decode())
    pixels = np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(height * width, 4)[:, :3]
    palette, places = _reduced(pixels)
    rows = np.zeros((height, width + 1), np.uint8)  # the first byte of each row: it is not filtered
    rows[:, 1:] = places.reshape(height, width)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"PLTE", palette.tobytes()), (b"IDAT", zlib.compress(rows.tobytes(), 9))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in [*chunks, (b"IEND", b"")])


def _reduced(pixels: "np.ndarray[tuple[int, int], np.dtype[np.uint8]]") -> tuple[np.ndarray, np.ndarray]:
    """Return the palette, shape (n, 3), and the place in it of each pixel: its own or the nearest."""
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colors, inverse, counts = np.unique(packed, return_inverse=True, return_counts=True)
    split = np.stack([colors >> 16, (colors >> 8) & 255, colors & 255], axis=1).astype(np.int32)
    palette = split[np.argsort(-counts)[:COMMON]]
    apart = np.full(len(split), np.iinfo(np.int32).max, np.int32)
    for color in palette:
        apart = np.minimum(apart, ((split - color) ** 2).sum(axis=1))
    while len(palette) < min(COLORS, len(split)):
        # A green dot of a few pixels means something: the color that is missed most comes next.
        missed = split[np.argmax(apart * np.log1p(counts))]
        palette = np.vstack([palette, missed])
        apart = np.minimum(apart, ((split - missed) ** 2).sum(axis=1))
    nearest = np.concatenate(
        [
            ((split[at : at + BLOCK, None] - palette[None]) ** 2).sum(axis=2).argmin(axis=1)
            for at in range(0, len(split), BLOCK)
        ]
    )
    return palette.astype(np.uint8), nearest.astype(np.uint8)[inverse]


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
