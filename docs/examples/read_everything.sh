#!/bin/sh
# Adds one record of each kind to a served fake, and reads everything.
# AUROUS_BASE_URL and AUROUS_API_KEY are what `pytest-aurous serve` prints.
set -eu
url=$AUROUS_BASE_URL
key="X-Api-Key: $AUROUS_API_KEY"

add() {
  curl -fsS "$url/__aurous__/$1.add" -H 'Content-Type: application/json' -d "$2" |
    sed 's/.*"result":{"id":"\([^"]*\).*/\1/'
}
first() { curl -fsS -H "$key" "$url$1" | grep -o "$2" | head -n 1; }

# The result of each control request is the record.
character=$(add characters '{"name": "Aurora", "status": "ready"}')
image=$(add images '{"prompt": "Aurora on a bench"}')
video=$(add videos '{}')
file=$(add files '{}')
chat=$(add completions '{}')
hook=$(add webhook_endpoints '{}')
lora=$(first /v1/loras 'lora_[^"]*')
video_lora=$(first /v1/video_loras 'lora_[^"]*')

# The URLs in responses are signed URLs of this server: they need no key.
portrait=$(first "/v1/characters/$character" 'http[^"]*/storage/[^"]*')
picture=$(first "/v1/images/$image" 'http[^"]*/output/[^"]*')
film=$(first "/v1/videos/$video" 'http[^"]*/output[^"]*')

today=$(date -u +%Y-%m-%dT00:00:00Z)

# One curl for all: it prints the status and the URL of each, and no body.
curl -sS -H "$key" -w '%{stderr}%{http_code} %{url_effective}\n' \
  "$url/v1/characters?limit=10" "$url/v1/characters/$character" "$portrait" \
  "$url/v1/images?limit=10" "$url/v1/images/$image" "$picture" \
  "$url/v1/videos/$video" "$film" \
  "$url/v1/files/$file" \
  "$url/v1/loras" "$url/v1/loras/$lora" \
  "$url/v1/video_loras" "$url/v1/video_loras/$video_lora" \
  "$url/v1/webhook_endpoints" "$url/v1/webhook_endpoints/$hook" \
  "$url/v1/models" "$url/v1/chat/completions/$chat" \
  "$url/v1/balance" "$url/v1/team" "$url/v1/pricing" \
  "$url/v1/usage?start_time=$today" "$url/v1/usage/events?start_time=$today" \
  "$url/v1/generations" "$url/v1/generations/$image" \
  "$url/v1/generations/$image/output/0" \
  "$url/v1/video-generations/$video" "$url/v1/video-generations/$video/output" \
  2>&1 >/dev/null
