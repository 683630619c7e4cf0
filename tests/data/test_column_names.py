import pytest

from longtail.data.column_names import USUAL_NAMES, candidates, is_kept, lesion_columns, plain, says_role


@pytest.mark.parametrize(
    ("role", "columns", "best_first"),
    [
        ("patient", ["PatientID"], ["PatientID"]),
        ("patient", ["Patient ID", "x"], ["Patient ID"]),
        ("patient", ["PatientID", "subject_id", "patient_id"], ["patient_id", "subject_id", "PatientID"]),
        ("study", ["StudyID", "StudyInstanceUID"], ["StudyInstanceUID", "StudyID"]),
        ("study", ["AccessionNumber", "STUDY"], ["STUDY", "AccessionNumber"]),
        ("view", ["View Position", "VIEW"], ["VIEW", "View Position"]),
        ("split", ["Split"], ["Split"]),
        ("image", ["Image Index", "Path"], ["Path", "Image Index"]),
        ("source", ["resource", "sources"], []),
    ],
)
def test_names_count_without_case_and_separators_and_exact_ones_first(role, columns, best_first):
    assert candidates(role, columns) == best_first


def test_a_role_has_its_exact_names_in_their_order():
    for role, names in USUAL_NAMES.items():
        assert candidates(role, names[::-1]) == list(names)
        assert all(says_role(name) for name in names)


@pytest.mark.parametrize("name", ["sex", "Sex", "PatientSex", "Patient Age", "age", "fold", "Unnamed: 0", "ID", "bmi"])
def test_what_is_known_of_a_person_is_no_label(name):
    assert is_kept(name)


@pytest.mark.parametrize("name", ["Mass", "Aged spine", "Sexual", "Weight loss", "nodule_id", "Viewed", "unnamed mass"])
def test_a_finding_stays_a_label(name):
    assert not is_kept(name)
    assert not says_role(name)


def test_lesions():
    assert lesion_columns(["LesionID", "lesion_id", "Lesions", "lesion"]) == ["lesion", "lesion_id", "LesionID"]
    assert plain(" Lesion -_ID\t") == "lesionid"
