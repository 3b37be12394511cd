package notify

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxMessage is how many bytes of an answer or an error a receipt keeps.
const maxMessage = 500

// message makes a text of somebody else's fit for a receipt: one line of printable UTF-8, cut to maxMessage bytes. A
// receipt is shown on terminals, which obey control characters.
func message(text string) string {
	return cut(printable(strings.Join(strings.Fields(text), " ")), maxMessage)
}

// printable replaces bytes that are not UTF-8 and characters that do not print, line breaks included, by their escapes.
func printable(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)):
			b.WriteString(`\x` + strconv.FormatUint(0x100|uint64(text[i]), 16)[1:])
		case r != ' ' && !unicode.IsGraphic(r):
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// cut returns at most n bytes of text, whole characters, with an ellipsis where something is missing.
func cut(text string, n int) string {
	const ellipsis = "…"
	if len(text) <= n {
		return text
	}
	end := n - len(ellipsis)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}

// duration writes d as 15m or 1h30m, without units that are zero.
func duration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
