# Runs a command with a fake of its own, such as: sh with_fake.sh npm test
set -eu
folder=$(mktemp -d)
pytest-aurous serve --quiet --port 0 --port-file "$folder/port" > "$folder/out" &
fake=$!
trap 'kill "$fake" 2> /dev/null || true; wait "$fake" || true; rm -r "$folder"' EXIT

until [ -s "$folder/port" ]; do
  kill -0 "$fake" 2> /dev/null || exit 1 # it has said why
  sleep 0.1
done
AUROUS_BASE_URL="http://127.0.0.1:$(cat "$folder/port")"
AUROUS_API_KEY=$(curl -s "$AUROUS_BASE_URL/__aurous__/keys" | jq -r '.[0].key')
export AUROUS_BASE_URL AUROUS_API_KEY
"$@"
