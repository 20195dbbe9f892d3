"""What the fixtures of procedural objects are made of."""

from open_clip import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD

NORMALIZATION = {"image_mean": OPENAI_DATASET_MEAN, "image_std": OPENAI_DATASET_STD}
CLASSES = ["chair", "bottle", "table", "car", "bed", "tree"]
N_OBJECTS = 48
