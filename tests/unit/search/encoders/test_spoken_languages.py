from search.encoders.whisper.segments import choose_language


def test_the_most_probable_of_the_likely_languages_is_chosen():
    assert choose_language({"en": 0.7, "de": 0.2, "fr": 0.1}, ["fr", "de"]) == "de"


def test_the_first_language_is_chosen_if_none_is_heard():
    assert choose_language({"en": 1.0}, ["zh", "de"]) == "zh"
