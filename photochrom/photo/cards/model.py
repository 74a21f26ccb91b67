"""The model card: what an exported network promises, stored in its ONNX metadata."""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from .stored import StoredCard

METADATA_KEY = "photochrom.card"


class Figures(BaseModel):
    """Quality on one set of photographs with one decoding."""

    model_config = ConfigDict(frozen=True)

    photos_name: str
    photos: int
    vividness: float
    temperature: float
    psnr: Annotated[float, Field(description="dB over 8-bit RGB")]
    rmse_ab: Annotated[float, Field(description="root mean square error over a* and b*")]
    colourfulness: Annotated[
        float, Field(description="Hasler and Suesstrunk 2003, of the recoloured photographs")
    ]
    colourfulness_truth: float
    psnr_grey: Annotated[float | None, Field(description="dB of the grey photographs: what colour adds")] = (
        None
    )
    ssim: Annotated[float | None, Field(description="Wang et al. 2004, mean over RGB")] = None


class ModelCard(StoredCard):
    """What the worker may rely on.

    Graph inputs: `lightness` float32 (N,1,H,W), L* 0..100; `hints` float32 (N,3,H,W), a*, b* and a 0/1 mask;
    `palette` float32 (N,Q), an ab histogram over `bins`, all zero for none; `temperature` and `vividness`
    float32 scalars. Outputs: `ab` float32 (N,2,H/stride,W/stride), CIELAB a*, b*; `confidence` float32
    (N,1,H/stride,W/stride) in 0..1. H and W are multiples of `side_multiple` within side_min..side_max.
    """

    stored_as: ClassVar[str] = METADATA_KEY
    missing: ClassVar[str] = "The ONNX file carries no Photochrom model card; export it with model.export."
    called: ClassVar[str] = "The model card"

    contract: Literal[1] = 1
    name: str
    version: str
    summary: str
    color_space: Literal["CIELAB-D65"] = "CIELAB-D65"
    bins: Annotated[tuple[tuple[float, float], ...], Field(min_length=2, description="a*, b* of each bin")]
    stride: int = 4
    side_multiple: int = 32
    side_min: int = 128
    side_max: int = 1024
    predict_side: Annotated[
        int, Field(description="side of the square whose area the network predicts best at, in pixels")
    ] = 384
    capabilities: Annotated[
        tuple[Literal["hints", "palette"], ...],
        Field(description="optional inputs that the weights were trained for"),
    ] = ()
    precision: Literal["fp32", "fp16", "int8"]
    training: Annotated[str, Field(description="where the weights come from, in plain words")]
    training_data: tuple[str, ...]
    license: str
    known_failures: Annotated[
        tuple[str, ...], Field(description="what these weights are known to get wrong, in plain words")
    ] = ()
    figures: tuple[Figures, ...] = ()
    weights_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
