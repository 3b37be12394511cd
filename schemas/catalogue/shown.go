package catalogue

// Shown is d as people and programs may see it: references to secrets as they are, and of a URL only the host, for whoever
// knows the path of a webhook can send to it.
func (d Destination) Shown() Destination {
	settings := map[string]any{}
	for name, value := range d.Settings {
		if text, ok := value.(string); ok {
			value = shown(text)
		}
		settings[name] = value
	}
	d.Settings = settings
	return d
}
