"""The 14 labels of the CheXpert labeller, which CheXpert, MIMIC-CXR-JPG and BRAX share, and what their cells mean.

1 is stated, 0 is denied, -1 is uncertain, and a blank is not mentioned. A report that does not mention a finding
nearly always means that it is not there, and Irvin et al. (2019) train on blanks as negatives; so does most published
work. That is the default (`blank=negative`); `blank=unknown` masks those cells instead, which leaves most labels with
few negatives. -1 is `unknown` (masked) unless `uncertain=positive` or `uncertain=negative` (U-Ones, U-Zeros) says else.
"""

LABELS = (
    "No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion", "Edema", "Consolidation",
    "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Pleural Other", "Fracture", "Support Devices",
)  # fmt: skip
