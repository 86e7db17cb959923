from portraits import draw


def test_a_portrait_takes_45_seconds_and_four_credits(aurous):
    aurous.script("synthesizing:45s -> reviewing")
    draw("Aurora", 28)
    assert aurous.characters.last.status == "ready"
    assert aurous.team.credits == 996
