"""One thread, so that tests beside each other do not wait for each other."""

import cv2
import torch

torch.set_num_threads(1)
cv2.setNumThreads(1)
