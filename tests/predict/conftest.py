"""What these tests share: one thread, since the tensors are small."""

import torch

torch.set_num_threads(1)
