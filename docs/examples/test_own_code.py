from publisher import publish


def test_a_character_takes_45_seconds_and_four_credits(aurous):
    aurous.script("synthesizing:45s -> reviewing")
    publish("Aurora", {"age": 28})
    assert aurous.characters.last.status == "ready"
    assert aurous.team.credits == 996
