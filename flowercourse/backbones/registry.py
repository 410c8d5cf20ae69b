"""The backbones that the course knows: plain facts, and nothing that needs TensorFlow.

Every backbone takes float32 images of shape (n, ``image_size``, ``image_size``, 3), red, green, blue, with values in
[0, 1], and gives float32 features of shape (n, ``num_features``). What the network itself was trained to expect, such
as values in [-1, 1], is done inside.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowercourse.errors import CourseError


@dataclass(frozen=True)
class BackboneSpec:
    """What is known of a backbone before any weights are there.

    Attributes:
        name: the name that learners write, such as ``"mobilenet_v2"``.
        title: the name as it stands in prose and figures.
        image_size: height and width of its input, in pixels.
        num_features: length of the feature vector of one image.
        parameters: number of weights, those of batch normalization's averages included.
        hub_path: where it stands on TF Hub, below the publisher's address.
        year: year of the paper.
        paper: authors and title of the paper that describes it.
        pixel_range: least and greatest value of a pixel.
    """

    name: str
    title: str
    image_size: int
    num_features: int
    parameters: int
    hub_path: str
    year: int
    paper: str
    pixel_range: tuple[float, float] = (0.0, 1.0)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Shape of one image: (height, width, 3)."""
        return (self.image_size, self.image_size, 3)


BACKBONES: dict[str, BackboneSpec] = {
    spec.name: spec
    for spec in (
        BackboneSpec(
            name="mobilenet_v2",
            title="MobileNet V2",
            image_size=224,
            num_features=1280,
            parameters=2_257_984,
            hub_path="tf2-preview/mobilenet_v2/feature_vector/4",
            year=2018,
            paper="Sandler, Howard, Zhu, Zhmoginov, Chen: MobileNetV2: Inverted Residuals and Linear Bottlenecks",
        ),
        BackboneSpec(
            name="inception_v3",
            title="Inception V3",
            image_size=299,
            num_features=2048,
            parameters=21_802_784,
            hub_path="tf2-preview/inception_v3/feature_vector/4",
            year=2016,
            paper="Szegedy, Vanhoucke, Ioffe, Shlens, Wojna: Rethinking the Inception Architecture for Computer Vision",
        ),
    )
}


def find(name: str) -> BackboneSpec:
    """Return the backbone called ``name``.

    Raises:
        CourseError: there is none of that name; the message lists those that there are.

    >>> find("mobilenet_v2").num_features
    1280
    """
    if name not in BACKBONES:
        raise CourseError(
            f"There is no backbone called {name!r}",
            f"the course has {', '.join(map(repr, BACKBONES))}",
            "Write one of these names",
        )
    return BACKBONES[name]
