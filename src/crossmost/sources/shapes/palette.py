"""Named colors of everyday materials, and a seeded pick from them."""

import numpy as np

from crossmost.sources.shapes.builder import Color

Palette = dict[str, Color]

WOOD: Palette = {
    "brown wooden": (122, 78, 45),
    "dark brown wooden": (70, 42, 26),
    "light wooden": (205, 165, 115),
    "beige wooden": (222, 192, 150),
    "reddish wooden": (128, 58, 34),
    "oak": (168, 122, 74),
    "pine": (226, 184, 124),
    "walnut": (92, 64, 46),
    "black wooden": (38, 34, 32),
}
METAL: Palette = {
    "silver": (176, 178, 182),
    "steel": (140, 144, 150),
    "dark metal": (72, 74, 78),
    "black metal": (32, 33, 36),
    "golden": (196, 158, 78),
    "white metal": (232, 233, 234),
}
FABRIC: Palette = {
    "red": (168, 36, 36),
    "dark red": (110, 26, 32),
    "blue": (52, 82, 140),
    "light blue": (138, 170, 204),
    "navy": (34, 42, 72),
    "green": (70, 112, 70),
    "olive": (112, 112, 62),
    "gray": (128, 128, 130),
    "light gray": (196, 196, 198),
    "dark gray": (66, 66, 70),
    "black": (30, 30, 32),
    "white": (236, 234, 230),
    "cream": (230, 220, 196),
    "beige": (206, 186, 152),
    "orange": (206, 112, 44),
    "yellow": (222, 188, 72),
    "purple": (104, 62, 120),
    "pink": (220, 150, 164),
    "turquoise": (62, 150, 152),
}
LEATHER: Palette = {
    "brown leather": (104, 62, 38),
    "tan leather": (168, 112, 66),
    "black leather": (34, 31, 30),
    "white leather": (232, 228, 220),
    "red leather": (140, 30, 28),
    "cream leather": (220, 204, 172),
    "dark brown leather": (60, 36, 26),
}
PLASTIC: Palette = {
    "white": (240, 240, 240),
    "black": (28, 28, 30),
    "gray": (140, 142, 146),
    "red": (200, 34, 34),
    "blue": (36, 84, 170),
    "green": (50, 140, 66),
    "yellow": (240, 200, 40),
    "orange": (236, 122, 32),
    "pink": (236, 140, 176),
    "turquoise": (40, 168, 176),
}
PAINT: Palette = {
    "white": (242, 241, 238),
    "off-white": (228, 222, 208),
    "light gray": (202, 204, 206),
    "gray": (142, 144, 148),
    "dark gray": (78, 80, 84),
    "black": (30, 30, 32),
    "red": (178, 36, 34),
    "blue": (44, 78, 140),
    "light blue": (160, 194, 216),
    "green": (58, 104, 72),
    "light green": (168, 196, 150),
    "yellow": (232, 200, 92),
    "brown": (104, 68, 44),
    "silver": (186, 188, 192),
    "orange": (216, 118, 44),
}
WHITE: Palette = {"white": (242, 241, 238), "off-white": (230, 226, 216), "light gray": (214, 216, 218)}
GLASS: Palette = {
    "glass": (196, 218, 226),
    "bluish glass": (158, 190, 212),
    "gray glass": (150, 158, 164),
    "dark glass": (74, 84, 94),
    "green glass": (104, 150, 112),
}
STONE: Palette = {
    "marble": (226, 222, 216),
    "stone": (150, 146, 138),
    "granite": (92, 90, 92),
    "concrete": (176, 174, 168),
    "terracotta": (178, 98, 62),
}
WICKER: Palette = {"wicker": (178, 136, 84), "dark wicker": (92, 64, 42), "light wicker": (214, 182, 132)}
LEAF: Palette = {
    "green": (62, 118, 48),
    "dark green": (34, 78, 36),
    "light green": (122, 164, 66),
    "olive green": (104, 118, 52),
    "yellow green": (160, 172, 64),
    "autumn orange": (190, 104, 40),
}
BARK: Palette = {"brown": (96, 70, 48), "gray": (122, 112, 102), "dark brown": (64, 46, 34), "white": (214, 208, 198)}
FLOWER: Palette = {
    "red": (204, 32, 44),
    "pink": (234, 132, 172),
    "white": (244, 242, 240),
    "yellow": (242, 206, 52),
    "purple": (132, 72, 160),
    "orange": (238, 132, 40),
    "blue": (84, 98, 190),
}
SKIN: Palette = {
    "fair": (236, 196, 170),
    "tan": (206, 156, 118),
    "brown": (142, 94, 64),
    "dark": (88, 58, 42),
}
HAIR: Palette = {
    "black": (28, 24, 22),
    "brown": (78, 50, 32),
    "blond": (206, 170, 104),
    "red": (142, 66, 32),
    "gray": (160, 158, 156),
}


def jitter(rng: np.random.Generator, color: Color, amount: float = 10.0) -> Color:
    """``color`` with normal noise of ``amount`` (0–255 units) on brightness and a fifth of it on every channel."""
    noise = rng.normal(0.0, amount) + rng.normal(0.0, amount / 5, 3)
    red, green, blue = np.clip(np.rint(np.asarray(color) + noise), 0, 255).astype(int)
    return int(red), int(green), int(blue)


def shade(color: Color, factor: float) -> Color:
    """``color`` multiplied by ``factor``: darker below 1, lighter above."""
    red, green, blue = (int(min(255, max(0, round(channel * factor)))) for channel in color)
    return red, green, blue


def pick(rng: np.random.Generator, *palettes: Palette) -> tuple[str, Color]:
    """Draw a palette, then one of its colors: its name and the slightly jittered color."""
    palette = palettes[int(rng.integers(len(palettes)))]
    names = list(palette)
    name = names[int(rng.integers(len(names)))]
    return name, jitter(rng, palette[name])
