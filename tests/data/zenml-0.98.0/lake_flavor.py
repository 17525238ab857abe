"""A custom flavor of ZenML 0.98: what `zenml artifact-store flavor register lake_flavor.LakeFlavor` takes."""

from typing import ClassVar

from zenml.artifact_stores import BaseArtifactStore, BaseArtifactStoreConfig, BaseArtifactStoreFlavor
from zenml.utils.secret_utils import SecretField


class LakeConfig(BaseArtifactStoreConfig):
    SUPPORTED_SCHEMES: ClassVar[set[str]] = {"lake://"}
    region: str = "eu"
    retries: int = 3
    lake_token: str | None = SecretField(default=None)


class LakeStore(BaseArtifactStore):
    pass


class LakeFlavor(BaseArtifactStoreFlavor):
    @property
    def name(self) -> str:
        return "lake"

    @property
    def config_class(self) -> type[LakeConfig]:
        return LakeConfig

    @property
    def implementation_class(self) -> type[LakeStore]:
        return LakeStore
