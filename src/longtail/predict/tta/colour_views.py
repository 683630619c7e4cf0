"""Views that change levels and not places."""

from torch import Tensor

from longtail.errors import UserError
from longtail.predict.tta import TTA


@TTA.register("colour")
def colour_view(
    images: Tensor, *, brightness: float = 1.0, contrast: float = 1.0, saturation: float = 1.0, gamma: float = 1.0
) -> list[Tensor]:
    """Contrast about the image's mean, saturation about its grey, brightness times, to the power of gamma, in [0, 1].

    All 1: the images as they are. Saturation does nothing to images of one channel.
    """
    if min(brightness, contrast, saturation) < 0 or gamma <= 0:
        raise UserError("colour takes factors from 0 up, and a gamma above 0; 1 changes nothing.")
    done = images.mean(dim=(1, 2, 3), keepdim=True).lerp(images, contrast) if contrast != 1 else images
    if saturation != 1 and images.shape[1] == 3:
        weights = images.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)  # luma of ITU-R BT.601
        done = (done * weights).sum(dim=1, keepdim=True).expand_as(done).lerp(done, saturation)
    done = done * brightness if brightness != 1 else done
    done = done if done is images else done.clamp(0, 1)
    return [done.clamp(0, 1) ** gamma if gamma != 1 else done]
