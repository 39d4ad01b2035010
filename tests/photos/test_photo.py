import io

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from lookbook.photos.photo import PhotoError, decode


def encode(image: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


RED = Image.new("RGB", (40, 30), (200, 30, 30))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF"])
def test_decodes_every_common_format_to_rgb(format):
    pillow_heif.register_heif_opener()
    image = decode(encode(RED, format))
    assert (image.mode, image.size) == ("RGB", (40, 30))
    assert np.allclose(np.asarray(image).mean(axis=(0, 1)), (200, 30, 30), atol=4)


def test_decodes_cmyk():
    assert decode(encode(RED.convert("CMYK"), "JPEG")).mode == "RGB"


def test_keeps_the_greys_of_16_bits():
    ramp = Image.fromarray(np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (8, 1)))
    decoded = np.asarray(decode(encode(ramp, "PNG")))[0, :, 0].astype(int)
    assert np.abs(decoded - np.arange(256)).max() <= 1


def test_decodes_a_palette_with_transparency_and_a_progressive_jpeg():
    palette = Image.new("P", (8, 8), 3)
    palette.putpalette([200, 30, 30] * 256)
    assert decode(encode(palette, "PNG", transparency=3)).getpixel((0, 0)) == (255, 255, 255)
    assert decode(encode(RED, "JPEG", progressive=True)).size == (40, 30)


def test_decodes_the_first_of_several_pictures_in_a_file():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for format in ("MPO", "WEBP"):
        data = encode(frames[0], format, save_all=True, append_images=frames[1:])
        assert decode(data).getpixel((0, 0))[0] > 200


def test_takes_the_first_frame_of_an_animation():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode(data).getpixel((0, 0)) == (255, 0, 0)


def test_turns_a_photo_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode(encode(RED, "JPEG", exif=exif)).size == (30, 40)


def test_lays_transparency_on_white():
    assert decode(encode(Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "PNG")).getpixel((0, 0)) == (
        255,
        255,
        255,
    )


def test_decodes_a_single_pixel():
    assert decode(encode(Image.new("RGB", (1, 1)), "PNG")).size == (1, 1)


def test_refuses_a_truncated_jpeg():
    data = encode(Image.effect_noise((200, 200), 80).convert("RGB"), "JPEG")
    with pytest.raises(PhotoError, match="cannot be decoded"):
        decode(data[: len(data) // 2])


def test_refuses_no_bytes():
    with pytest.raises(PhotoError, match="empty"):
        decode(b"")


def test_refuses_what_is_no_picture_without_naming_a_buffer():
    with pytest.raises(PhotoError, match=r"cannot identify image file$"):
        decode(b"not a picture at all")


def test_refuses_a_bomb_before_decoding_it():
    large = encode(Image.new("1", (8000, 8000)), "PNG")
    with pytest.raises(PhotoError, match="8000 × 8000 pixels, more than the 50,000,000 allowed"):
        decode(large)
    bomb = encode(Image.new("1", (20_000, 20_000)), "PNG")
    with pytest.raises(PhotoError, match="more than the 50,000,000"):
        decode(bomb)


def test_decodes_a_large_jpeg_no_larger_than_needed():
    large = encode(Image.linear_gradient("L").resize((2000, 1600)).convert("RGB"), "JPEG")
    reduced = decode(large, at_least=300)
    assert reduced.size == (500, 400)
    assert decode(large).size == (2000, 1600)
    small = np.asarray(decode(large).resize(reduced.size), int)
    assert np.abs(np.asarray(reduced, int) - small).max() < 12
    with pytest.raises(PhotoError, match="cannot be decoded"):
        decode(large[: len(large) // 2], at_least=300)
