package logtype

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// JSONSchema returns the language as a JSON Schema, draft 2020-12, for editors that complete and check while one writes. It is
// made of Language. It refuses nothing that Parse accepts; Parse knows more, as that a field of text is one that the parser yields.
func JSONSchema() []byte {
	defs := map[string]any{}
	for _, p := range Places() {
		defs[string(p.Place)] = objectSchema(p)
	}
	root := defs[string(InSchema)].(map[string]any)
	delete(defs, string(InSchema))
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Log-type schema of Panther Monitor"
	root["$defs"] = defs
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("logtype: the JSON Schema of the language: %v", err)) // maps, lists and texts
	}
	return append(text, '\n')
}

// keysIn lists the keys of a place.
func keysIn(p Place) (keys []Key) {
	for _, k := range Language() {
		if slices.Contains(k.In, p) {
			keys = append(keys, k)
		}
	}
	return keys
}

// objectSchema describes the mappings of a place.
func objectSchema(p PlaceDoc) map[string]any {
	properties := map[string]any{}
	required := []string{}
	var rules []any
	groups := map[string][]Key{}
	for _, k := range keysIn(p.Place) {
		properties[k.Name] = k.schema()
		if k.Group != "" {
			groups[k.Group] = append(groups[k.Group], k)
		} else if k.Needed && k.Types == nil {
			required = append(required, k.Name)
		}
	}
	rules = append(rules, typeRules(p.Place)...)
	for _, name := range sortedKeys(groups) {
		if keys := groups[name]; keys[0].Types == nil {
			rules = append(rules, groupRule(keys))
		}
	}
	s := map[string]any{"type": "object", "description": plainDoc(p.Doc), "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	if p.Place == InCSV {
		rules = append(rules, map[string]any{"anyOf": []any{requires("columns"),
			map[string]any{"properties": map[string]any{"hasHeader": map[string]any{"const": true}}, "required": []string{"hasHeader"}}}})
	}
	if len(rules) > 0 {
		s["allOf"] = rules
	}
	return s
}

// typeRules say which keys a type of values needs, and which have a meaning for other types only.
func typeRules(p Place) (rules []any) {
	keys := keysIn(p)
	for _, t := range types {
		var groups = map[string][]Key{}
		var needed []string
		never := map[string]any{}
		for _, k := range keys {
			switch {
			case k.Types == nil:
			case !slices.Contains(k.Types, Type(t)):
				never[k.Name] = false
			case k.Group != "":
				groups[k.Group] = append(groups[k.Group], k)
			case k.Needed:
				needed = append(needed, k.Name)
			}
		}
		if len(never) == 0 {
			continue
		}
		then := map[string]any{"properties": never}
		if len(needed) > 0 {
			then["required"] = needed
		}
		for _, name := range sortedKeys(groups) {
			then["oneOf"] = groupRule(groups[name])["oneOf"]
		}
		is := map[string]any{"properties": map[string]any{"type": map[string]any{"const": t}}, "required": []string{"type"}}
		rules = append(rules, map[string]any{"if": is, "then": then})
	}
	return rules
}

// groupRule says that one of the keys is there at most, or exactly one if they are needed.
func groupRule(keys []Key) map[string]any {
	var names []any
	for _, k := range keys {
		names = append(names, requires(k.Name))
	}
	if !keys[0].Needed {
		names = append(names, map[string]any{"not": map[string]any{"anyOf": names[:len(names):len(names)]}})
	}
	return map[string]any{"oneOf": names}
}

func requires(name string) map[string]any { return map[string]any{"required": []string{name}} }

// schema describes the value of a key.
func (k Key) schema() map[string]any {
	s := map[string]any{"description": plainDoc(k.Doc)}
	into := map[string]any{"$ref": "#/$defs/" + string(k.Into)}
	text := map[string]any{"type": "string"}
	least := "minLength"
	switch k.Kind {
	case KindText:
		s["type"] = "string"
		if k.Pattern != "" {
			s["pattern"] = k.Pattern
		}
	case KindChoice:
		s["enum"] = k.Choices
	case KindFlag:
		s["type"] = "boolean"
		if k.Choices != nil {
			s["const"] = false
		}
	case KindNumber:
		s["type"], s["minimum"] = "integer", 0
		if k.Choices != nil {
			s["const"] = 0
		}
	case KindTexts:
		least = "minItems"
		if k.Choices != nil {
			text = map[string]any{"enum": k.Choices}
		}
		s["type"], s["items"] = "array", text
	case KindList:
		least = "minItems"
		s["type"], s["items"] = "array", into
	case KindMapping:
		least = "minProperties"
		s["$ref"] = into["$ref"]
	case KindNamed:
		least = "minProperties"
		s["type"], s["additionalProperties"] = "object", into
	case KindNames:
		least = "minProperties"
		s["type"], s["additionalProperties"] = "object", text
	case KindMembers:
		least = "minProperties"
		s["type"] = "object"
	}
	if k.Nonempty {
		s[least] = 1
	}
	return s
}

// plainDoc is a text without the marks of Markdown.
func plainDoc(text string) string { return strings.ReplaceAll(text, "`", "") }

func sortedKeys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
