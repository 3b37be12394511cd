package classify

import "panther/schemas/logtype"

// A budget is what a plan may still take, in bytes, while it is built: what things take is counted from above, before they are
// made. A plan of many schemas that have little in common takes most for what each group says of each field.
type budget struct {
	left    int
	schemas int // how many there are
	ahead   int // how many groups there will be
}

// What things take, in bytes, at the most.
const (
	costOfSchema = 160 // besides its fields
	costOfField  = 480 // once, besides its name
	costOfRules  = 112 // of a field, for each further group
	costOfObject = 120 // for each group
	costOfSaying = 224 // of a field, for each schema that has it
	costOfPlace  = 5   // of a field, for each schema, whether or not it has it; four, and what the heap rounds up
	costOfFormat = 130 // of a time, for each schema that has it
	costOfPath   = 80  // to what a field is made of
	costOfText   = 80  // that a rule lists, besides its bytes
)

func (b *budget) tree() *tree {
	b.left -= costOfObject * b.ahead
	return newTree()
}

// branch makes a branch of a name; elements of arrays, and fields that are made of others, have none.
func (b *budget) branch(name string) *branch {
	b.left -= costOfField + 3*len(name) + costOfRules*(b.ahead-1) + costOfPlace*b.schemas
	return &branch{name: name}
}

// say adds what a schema says of a field.
func (b *budget) say(m *branch, s saying) {
	b.left -= costOfSaying
	if f := s.field; f != nil {
		b.left -= costOfFormat * len(f.TimeFormats)
	}
	m.says = append(m.says, s)
}

// path counts a way to what a field is made of.
func (b *budget) path(p logtype.Path) { b.left -= costOfPath + 4*len(p) }

// validation compiles a validation.
func (b *budget) validation(v *logtype.Validate) *validation {
	b.left -= costOfText * (1 + len(v.Allow) + len(v.Deny))
	return newValidation(v)
}
