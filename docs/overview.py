"""Draw docs/images/overview.png from a finished run: `python docs/overview.py`.

One column per object of the test split whose scan the point tower named wrongly at first and rightly after
self-training: a rendered view, the scanned cloud, and both labels of the point tower. Labels choose and caption the
examples; nothing else uses them.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from crossmost.collection import Collection, load_collection
from crossmost.shards import ShardStore

DATA = Path(__file__).parents[1] / "data"
PICTURE = Path(__file__).parent / "images" / "overview.png"
TILE, GAP, COLUMNS, LEFT = 150, 14, 8, 128
INK, RED, GREEN, GRAY = (34, 40, 49), (192, 57, 43), (30, 132, 73), (120, 128, 138)


def cloud_picture(points: np.ndarray, size: int) -> Image.Image:
    """A cloud (N, 3), y-up, seen from the front right and a little above, as a picture colored by depth."""
    yaw, pitch = np.radians(35), np.radians(15)
    x = points[:, 0] * np.cos(yaw) + points[:, 2] * np.sin(yaw)
    depth = -points[:, 0] * np.sin(yaw) + points[:, 2] * np.cos(yaw)
    y = points[:, 1] * np.cos(pitch) - depth * np.sin(pitch)
    picture = Image.new("RGB", (size, size), "white")
    draw = ImageDraw.Draw(picture)
    for i in np.argsort(depth):
        near = float(np.clip((depth[i] + 1) / 2, 0, 1))
        color = tuple(int(a + (b - a) * near) for a, b in zip((176, 196, 222), (21, 67, 122), strict=True))
        u, v = size / 2 + 0.47 * size * x[i], size / 2 - 0.47 * size * y[i]
        draw.ellipse((u - 1.3, v - 1.3, u + 1.3, v + 1.3), fill=color)
    return picture


def examples(collection: Collection) -> pd.DataFrame:
    """Objects of different classes whose scan the point tower named wrongly at first and rightly in the end."""
    predictions = pd.read_parquet(DATA / "07_model_output/predictions.parquet").set_index("object_id")
    table = predictions.join(pd.read_parquet(DATA / "02_intermediate/labels.parquet").set_index("object_id"))
    table = table.loc[[object_id for object_id in collection.object_ids if object_id in table.index]]
    fixed = table[
        (table["split"] == "test")
        & (table["crossmost_point_label"] == table["class_name"])
        & (table["zeroshot_point_label"] != table["class_name"])
    ]
    order = fixed.sort_values("crossmost_point_confidence", ascending=False).groupby("class_name").cumcount()
    return fixed.assign(order=order).sort_values("order").head(COLUMNS)


def main() -> None:
    """Draw and save the picture."""
    collection = load_collection(ShardStore(DATA / "03_primary/views"), ShardStore(DATA / "03_primary/clouds"))
    chosen = examples(collection)
    row_of = {object_id: row for row, object_id in enumerate(collection.object_ids)}
    canvas = Image.new("RGB", (LEFT + len(chosen) * (TILE + GAP), 2 * (TILE + GAP) + 84), "white")
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(16)
    names = (("rendered view", TILE // 2), ("depth scan", TILE + GAP + TILE // 2))
    for name, y in (*names, ("scan, zero-shot", 2 * (TILE + GAP) + 14), ("self-trained", 2 * (TILE + GAP) + 46)):
        draw.text((10, y), name, fill=GRAY, font=font)
    for column, (object_id, row) in enumerate(chosen.iterrows()):
        left = LEFT + column * (TILE + GAP)
        view = Image.fromarray(collection.views[row_of[object_id], 1]).resize((TILE, TILE), Image.Resampling.LANCZOS)
        canvas.paste(view, (left, 0))
        canvas.paste(cloud_picture(collection.clouds[row_of[object_id]], TILE), (left, TILE + GAP))
        for text, color, y in (
            (row["zeroshot_point_label"], RED, 14),
            (row["crossmost_point_label"], GREEN, 46),
        ):
            draw.text((left + TILE / 2, 2 * (TILE + GAP) + y + 8), text, fill=color, font=font, anchor="mm")
    PICTURE.parent.mkdir(exist_ok=True)
    canvas.save(PICTURE, optimize=True)
    print(f"{PICTURE} ({len(chosen)} objects)")


if __name__ == "__main__":
    main()
