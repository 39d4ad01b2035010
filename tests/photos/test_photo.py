import io
import os
import struct

import numpy as np
import pillow_heif
import pytest
from PIL import EpsImagePlugin, Image, ImageCms, PngImagePlugin

from lookbook.photos import photo
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
    with pytest.raises(PhotoError, match=r"it is not a JPEG, PNG, .* picture$"):
        decode(b"not a picture at all")


@pytest.mark.parametrize(
    ("size", "told"),
    [
        ((11_000, 10_000), "11000 × 10000 pixels, more than the 109,000,000 allowed"),
        ((20_000, 20_000), "more than the 109,000,000"),
    ],
)
def test_refuses_a_bomb_before_decoding_it(size, told):
    head = struct.pack("<6sHHBBB", b"GIF89a", *size, 0xF0, 0, 0) + bytes(6)
    with pytest.raises(PhotoError, match=told) as raised:
        decode(head + struct.pack("<cHHHHB", b",", 0, 0, *size, 0) + b"\x02\x02\x44\x01\x00;")
    assert raised.value.status == "too large"


def test_a_phones_50_megapixels_are_measured_by_a_reduced_copy(monkeypatch):
    decoded = []
    monkeypatch.setattr(photo, "to_srgb", lambda image: decoded.append(image.size) or image)
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encode(Image.new("L", (8200, 6200)), "JPEG", exif=exif)
    measured = photo.inspect(data)
    assert (measured["width"], measured["height"], measured["status"]) == (6200, 8200, "ok")
    assert decoded == [(1550, 2050)]


EPS = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 200 200
%%EndComments
showpage
%%EOF
"""


@pytest.mark.skipif(os.name == "nt", reason="the program is a shell script")
def test_no_program_is_started_for_a_picture_and_no_command_is_told(tmp_path, monkeypatch):
    program = tmp_path / "gs"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    with pytest.raises(PhotoError) as raised:
        decode(EPS)
    assert not (tmp_path / "started").exists()
    assert "gs" not in str(raised.value) and str(tmp_path) not in str(raised.value)


@pytest.mark.parametrize("told", [EPS, b"8BPS\0\1" + bytes(40), b"SIMPLE  =" + bytes(80)])
def test_refuses_formats_that_are_not_allowed(told):
    with pytest.raises(PhotoError, match="it is not a JPEG"):
        decode(told)


def profile_of(primaries, gamma):
    """Writes an ICC profile: its primaries as XYZ, and one gamma for all channels."""

    def point(xyz):
        return b"XYZ \0\0\0\0" + struct.pack(">iii", *(round(part * 65536) for part in xyz))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    name = b"desc\0\0\0\0" + struct.pack(">I", 2) + b"P\0" + bytes(78) + b"\0" * 2
    tags = {b"desc": name, b"cprt": b"text\0\0\0\0CC0\0", b"wtpt": point((0.9642, 1, 0.8249))}
    for channel, xyz in zip("rgb", primaries, strict=True):
        tags |= {f"{channel}XYZ".encode(): point(xyz), f"{channel}TRC".encode(): curve}
    table, body = b"", b""
    for tag, data in tags.items():
        table += tag + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">4sI4s4s4s12s4s", b"", 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"", b"acsp")
    head += bytes(28) + struct.pack(">iii", 63190, 65536, 54061)
    whole = head + bytes(124 - len(head)) + struct.pack(">I", len(tags)) + table + body
    return struct.pack(">I", len(whole) + 4) + whole


P3 = profile_of(
    [(0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407)], 2.2
)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_brings_another_colour_space_to_srgb(mode):
    red = Image.new(mode, (8, 8), (182, 52, 52))
    assert np.allclose(
        decode(encode(red, "PNG", icc_profile=P3)).getpixel((4, 4)), (200, 30, 40), atol=4
    )


@pytest.mark.parametrize(
    "profile",
    [ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), b"none at all", bytes(8)],
)
def test_a_profile_of_srgb_and_one_that_is_none_change_no_pixel(profile):
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    assert decode(encode(noise, "PNG", icc_profile=profile)).tobytes() == noise.tobytes()


@pytest.mark.parametrize(
    "colour", [(255, 255, 255), (250, 248, 240), (225, 225, 225), (150, 150, 150), (10, 10, 10)]
)
def test_a_garment_on_transparent_ground_can_be_seen(colour):
    cut_out = Image.new("RGBA", (64, 64))
    cut_out.paste((*colour, 255), (16, 16, 48, 48))
    image = decode(encode(cut_out, "PNG"))
    assert image.getpixel((32, 32)) == colour
    assert np.abs(np.subtract(image.getpixel((2, 2)), colour)).max() >= 40


def test_a_picture_whose_exif_is_broken_is_whole():
    image = Image.new("RGB", (40, 30), (200, 30, 30))
    for data in (
        encode(image, "WEBP", exif=b"no TIFF at all", lossless=True),
        encode(image, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\0\0"),
    ):
        assert decode(data).size == (40, 30)


def test_megabytes_of_text_in_a_png_are_no_reason_to_refuse_it():
    told = PngImagePlugin.PngInfo()
    told.add_text("history", "cropped " * 400_000, zip=True)
    assert decode(encode(RED, "PNG", pnginfo=told)).tobytes() == RED.tobytes()


def test_decodes_a_large_jpeg_no_larger_than_needed():
    large = encode(Image.linear_gradient("L").resize((2000, 1600)).convert("RGB"), "JPEG")
    reduced = decode(large, at_least=300)
    assert reduced.size == (500, 400)
    assert decode(large).size == (2000, 1600)
    small = np.asarray(decode(large).resize(reduced.size), int)
    assert np.abs(np.asarray(reduced, int) - small).max() < 12
    with pytest.raises(PhotoError, match="cannot be decoded"):
        decode(large[: len(large) // 2], at_least=300)


def test_the_format_is_that_of_the_bytes():
    endings = {
        "JPEG": "jpg", "PNG": "png", "WEBP": "webp", "TIFF": "tif", "GIF": "gif", "BMP": "bmp",
        "AVIF": "avif", "JPEG2000": "jp2",
    }  # fmt: skip
    for name, ending in endings.items():
        assert photo.inspect(encode(RED, name))["format"] == ending
    assert photo.inspect(b"no photo")["format"] == ""
