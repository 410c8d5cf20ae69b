"""`mini_flowers`: pictures of five kinds of flower in gardens, drawn by this package, for machines without tf_flowers.

It has tf_flowers' features, label names and their order, and is prepared by TFDS as any other data set. Every picture
follows from its class and number alone, so that all machines draw the same data set.
"""

from __future__ import annotations

VERSION = "1.0.0"
ORIGIN = "drawn on this machine"
# tf_flowers' names in tf_flowers' order.
CLASS_NAMES = ("dandelion", "daisy", "tulips", "sunflowers", "roses")
PICTURES_PER_CLASS = 240
NUM_PICTURES = PICTURES_PER_CLASS * len(CLASS_NAMES)
