from longtail.errors import listing, nearest, unknown_name


def test_nearest_ignores_case_and_gives_up_on_strangers() -> None:
    assert nearest("atelectasys", ["Atelectasis", "Mass"]) == "Atelectasis"
    assert nearest("zzz", ["Atelectasis", "Mass"]) is None


def test_listing_is_cut_with_a_count() -> None:
    assert listing(["a", "b"]) == "a, b"
    assert listing(list(range(1500)), most=2) == "0, 1 and 1,498 more"


def test_unknown_name_says_what_where_which_and_the_guess() -> None:
    message = str(unknown_name("column", "patiant", ["patient", "study"], "'m.csv'"))
    assert message == "unknown column 'patiant' in 'm.csv'. Did you mean 'patient'? Valid: patient, study."
    assert "Valid: none" in str(unknown_name("split", "x", []))
