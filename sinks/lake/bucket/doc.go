// Package bucket keeps the files of a lake in an S3 bucket, or in a bucket of any other store that speaks its protocol.
//
// Its one idea: a PUT with If-None-Match: * is link(2) for objects. It creates an object whole, or says that there is one, and
// the store decides between writers who come at the same time. A store that ignores the condition would let two writers win;
// Catalog.Check finds that out before the first commit.
//
// An answer may be lost on its way, and the request is then sent again, by us or by a proxy. The second answer to a PUT that
// has worked is "there is one". So Create reads what there is: when it is what was to be written, it has worked.
package bucket
