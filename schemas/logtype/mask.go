package logtype

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"panther/schemas/strict"
)

// Masked is what a redacted value becomes if the schema has no other text.
const Masked = "REDACTED"

// maxMasked bounds, in bytes, what stands in the place of a value: a line may have half a million of them.
const maxMasked = 100

// A Mask hides a string. Events have what it makes; so does everything behind them. It hides nothing in the exact bytes of a
// line that fails, which are kept so that they can be sent again.
type Mask struct {
	Hash bool   // events have a hash, which is the same for the same text; else To
	To   string // what stands in the place of each value
	Salt string // stands before the text when it is hashed, so that nobody finds it by hashing guesses
}

// Apply returns what events have in the place of a text: To, or the SHA-256 of Salt and the text in hexadecimal digits.
func (m *Mask) Apply(text string) string {
	if !m.Hash {
		return m.To
	}
	sum := sha256.Sum256([]byte(m.Salt + text))
	return hex.EncodeToString(sum[:])
}

func readMask(n strict.Node) *Mask {
	if !n.Present() {
		return nil
	}
	mask := &Mask{To: Masked}
	n.Mapping(func(m *strict.Mapping) {
		kind := m.Required("type").OneOf("redact", "hash")
		to, salt := m.Optional("to"), m.Optional("salt")
		mask.Hash = kind == "hash"
		if to.Present() {
			if mask.To = to.Text(); len(mask.To) > maxMasked {
				to.Problem(fmt.Sprintf("to: a text of %d bytes", len(mask.To)), fmt.Sprintf("%d are the most", maxMasked))
			}
		}
		mask.Salt = salt.Text()
		if kind == "hash" && to.Present() {
			to.Problem("to has no meaning for the mask hash", "it is for redact")
		}
		if kind == "redact" && salt.Present() {
			salt.Problem("salt has no meaning for the mask redact", "it is for hash")
		}
	})
	if mask.Hash {
		mask.To = ""
	}
	return mask
}
