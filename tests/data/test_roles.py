import pytest

from longtail.data.roles import Roles, checked, load_roles, save_roles
from longtail.errors import UserError


def test_usual_names_are_found():
    roles = Roles().completed(["path", "subject_id", "study_id", "ViewPosition", "split", "Mass"])
    assert (roles.image, roles.patient, roles.study, roles.view) == ("path", "subject_id", "study_id", "ViewPosition")
    assert roles.source is None
    assert roles.label is None


def test_flags_win_over_the_file():
    roles = checked({"image": "a", "patient": "p"}, "here").updated(patient="q", study=None)
    assert (roles.image, roles.patient, roles.study) == ("a", "q", None)


def test_labels_may_be_a_list_or_one_text():
    assert checked({"labels": "A, B"}, "here").labels == ("A", "B") == checked({"labels": ["A", "B"]}, "here").labels


def test_stated_labels_mean_several_columns_even_beside_a_column_label():
    assert Roles(labels=("A",)).completed(["image", "label", "A"]).label is None


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"patients": "p"}, "unknown key 'patients' in here. Did you mean 'patient'"),
        ({"labels": ["A", "A"]}, "names A twice"),
        ({"labels": []}, "one or more column names"),
        ({"labels": {"A": 1}}, "one or more column names"),
        ({"patient": 3}, "'patient' in here is 3"),
        ({"uncertain": "positiv"}, "Did you mean 'positive'"),
    ],
)
def test_mistakes(said, message):
    with pytest.raises(UserError, match=message):
        checked(said, "here")


def test_stated_column_must_exist():
    with pytest.raises(UserError, match="unknown column 'subject'. Did you mean 'subject_id'"):
        Roles(patient="subject").completed(["image", "subject_id"])
    with pytest.raises(UserError, match="unknown column 'Mas'"):
        Roles(labels=("Mas",)).completed(["image", "Mass"])


def test_no_image_column():
    with pytest.raises(UserError, match="no column holds the image paths.*a, b.*--image"):
        Roles().completed(["a", "b"])


def test_one_column_plays_one_part():
    with pytest.raises(UserError, match="'image' is named as image and as patient"):
        Roles(image="image", patient="image").completed(["image"])


def test_yaml_round_trip(tmp_path):
    roles = Roles(
        image="path", labels=("Mass", "no", "1"), patient="subject_id", uncertain="positive", root="../images"
    )
    save_roles(roles, tmp_path / "m.yaml")
    assert load_roles(tmp_path / "m.yaml") == roles


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image: [a", "not readable YAML at line"),
        ("- image\n- patient\n", "holds no 'role: column' lines"),
        ("just words", "holds no 'role: column' lines"),
        ("patinet: p\n", "Did you mean 'patient'"),
        ("patient: 3\n", "as text"),
    ],
)
def test_broken_yaml_names_the_file(tmp_path, text, message):
    path = tmp_path / "m.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message) as caught:
        load_roles(path)
    assert "m.yaml" in str(caught.value)


def test_empty_yaml_says_nothing(tmp_path):
    (tmp_path / "m.yaml").write_text("\ufeff# nothing\n", encoding="utf-8")
    assert load_roles(tmp_path / "m.yaml") == Roles()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("image: a\nimage: b\n", "names the key 'image' twice"),
        ("labels: &x [*x]\n", "holds the alias '\\*x'; write the names out"),
        ("labels: [A, yes]\n", "holds True, which YAML takes for no text"),
        ("labels: [[A], [B]]\n", "holds \\['A'\\], which YAML takes for no text"),
        ("labels: [A, null]\n", "holds None"),
        ("labels: " + "[" * 3000 + "]" * 3000, "is not readable YAML"),
        ("image: 0x_\n", "is not readable YAML"),
        ("image: 2020-99-99\n", "is not readable YAML"),
    ],
)
def test_treacherous_yaml_is_one_sentence(tmp_path, text, says):
    path = tmp_path / "m.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=says):
        load_roles(path)


def test_a_yaml_bomb_costs_nothing(tmp_path):
    path = tmp_path / "m.yaml"
    lines = [f"- &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    path.write_text("\n".join(["labels:", "- &a0 [x, x, x]", *lines]))
    with pytest.raises(UserError, match="line 3 of .* holds the alias"):
        load_roles(path)
