package catalogue

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// References to secrets: env:NAME is an environment variable, file:/path the content of a file.
const (
	envPrefix  = "env:"
	filePrefix = "file:"
)

// maxSecret is the longest secret that a file may hold, in bytes.
const maxSecret = 64 << 10

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// IsReference reports whether text stands for a secret that is kept elsewhere.
func IsReference(text string) bool {
	return strings.HasPrefix(text, envPrefix) || strings.HasPrefix(text, filePrefix)
}

// CheckReference tells what is wrong with the form of a reference; nil for every other text. Whether the secret is there
// shows only when it is used.
func CheckReference(text string) error {
	if name, ok := strings.CutPrefix(text, envPrefix); ok && !variableName.MatchString(name) {
		return fmt.Errorf("%q is no name of an environment variable: write env:NAME", name)
	}
	if path, ok := strings.CutPrefix(text, filePrefix); ok && !filepath.IsAbs(path) {
		return fmt.Errorf("%q is no absolute path: write file:/path", path)
	}
	return nil
}

// Resolve returns the secret that ref stands for; a text that is no reference stands for itself. The line end of a file is
// left out. Errors name the reference and never hold what is behind it.
func Resolve(ref string, env func(name string) string) (string, error) {
	if err := CheckReference(ref); err != nil {
		return "", fmt.Errorf("secret: %w", err)
	}
	if name, ok := strings.CutPrefix(ref, envPrefix); ok {
		if secret := env(name); secret != "" {
			return secret, nil
		}
		return "", fmt.Errorf("secret %s is not set: set the variable %s in the environment of panther and start it again", ref, name)
	}
	if path, ok := strings.CutPrefix(ref, filePrefix); ok {
		return readSecret(ref, path)
	}
	return ref, nil
}

func readSecret(ref, path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("secret %s: %w", ref, err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxSecret {
		return "", fmt.Errorf("secret %s: want a file of at most %d bytes", ref, maxSecret)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("secret %s: %w", ref, err)
	}
	secret := strings.TrimRight(string(b), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("secret %s: the file is empty", ref)
	}
	return secret, nil
}
