def test_a_character_is_drawn_and_published(aurous, aurous_client):
    aurous.script("synthesizing*2 -> reviewing")
    path = f"/v1/characters/{aurous.characters.add(status='synthesizing').id}"
    seen = [aurous_client.get(path).json()["status"] for _ in range(3)]
    assert seen == ["synthesizing", "synthesizing", "reviewing"]
    assert aurous_client.post(f"{path}/save").json()["status"] == "ready"
