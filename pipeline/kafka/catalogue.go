package kafka

import "panther/schemas"

// catalogueWriter is the transactional id of whoever writes the catalogue: a second writer ends the transaction of the first.
const catalogueWriter = "panther-catalogue"

var catalogueTopic = schemas.Catalogue.Name
