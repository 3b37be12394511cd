package catalogs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/apache/iceberg-go/catalog"
	"github.com/apache/iceberg-go/catalog/rest"
	"github.com/apache/iceberg-go/table"

	"panther/sinks/lake"
)

// REST says where a catalog is that speaks Iceberg's REST protocol, as Polaris, Lakekeeper, Nessie and Unity do.
type REST struct {
	URI        string // as https://catalog.example/api/catalog
	Warehouse  string // what the service calls the warehouse; empty: it has one
	Token      string // sent as it is
	Credential string // id:secret, for which the service gives tokens
	Scope      string // of those tokens; empty: catalog
}

const (
	restDial   = 5 * time.Second
	restAnswer = 20 * time.Second // commits are written by the service before it answers
)

// restHeads are heads that a service keeps. It checks the requirements of a commit, and writes the metadata, itself.
type restHeads struct {
	REST
	transport http.RoundTripper

	mu     sync.Mutex
	client *rest.Catalog // nil: the service has not answered yet
}

func newRESTHeads(o REST) *restHeads {
	return &restHeads{REST: o, transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: restDial}).DialContext,
		TLSHandshakeTimeout: restDial, ResponseHeaderTimeout: restAnswer, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true}}
}

// connect asks the service what it can do, once: it may be away when the process starts.
func (h *restHeads) connect(ctx context.Context) (*rest.Catalog, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.client != nil {
		return h.client, nil
	}
	options := []rest.Option{rest.WithCustomTransport(h.transport)}
	for _, o := range []struct {
		value  string
		option func(string) rest.Option
	}{{h.Warehouse, rest.WithWarehouseLocation}, {h.Token, rest.WithOAuthToken}, {h.Credential, rest.WithCredential}, {h.Scope, rest.WithScope}} {
		if o.value != "" {
			options = append(options, o.option(o.value))
		}
	}
	c, err := rest.NewCatalog(ctx, "panther", h.URI, options...)
	if err != nil {
		return nil, h.explain("ask", "what it can do", err)
	}
	h.client = c
	return c, nil
}

// Load returns what the service has.
func (h *restHeads) Load(ctx context.Context, id table.Identifier) (lake.Head, error) {
	c, err := h.connect(ctx)
	if err != nil {
		return lake.Head{}, err
	}
	t, err := c.LoadTable(ctx, id)
	if err != nil {
		return lake.Head{}, h.explain("load", "table "+nameOf(id), err)
	}
	return lake.Head{Meta: t.Metadata(), Location: t.MetadataLocation()}, nil
}

// Create makes a table, and its namespace if there is none. The service gives the columns ids of its own.
func (h *restHeads) Create(ctx context.Context, id table.Identifier, meta table.Metadata) error {
	c, err := h.connect(ctx)
	if err != nil {
		return err
	}
	spec := meta.PartitionSpec()
	create := func() error {
		_, err := c.CreateTable(ctx, id, meta.CurrentSchema(), catalog.WithLocation(meta.Location()),
			catalog.WithPartitionSpec(&spec), catalog.WithSortOrder(meta.SortOrder()), catalog.WithProperties(meta.Properties()))
		return err
	}
	err = create()
	if errors.Is(err, catalog.ErrNoSuchNamespace) {
		if err = c.CreateNamespace(ctx, catalog.NamespaceFromIdent(id), nil); err == nil || errors.Is(err, catalog.ErrNamespaceAlreadyExists) {
			err = create()
		}
	}
	if errors.Is(err, catalog.ErrTableAlreadyExists) {
		return nil
	}
	return h.explain("make", "table "+nameOf(id), err)
}

// Commit sends requirements and updates. A service that answers 409 has changed nothing; of any other error it is not known.
func (h *restHeads) Commit(ctx context.Context, id table.Identifier, reqs []table.Requirement, ups []table.Update) (lake.Head, error) {
	c, err := h.connect(ctx)
	if err != nil {
		return lake.Head{}, err
	}
	meta, location, err := c.CommitTable(ctx, id, reqs, ups)
	if err != nil {
		return lake.Head{}, h.explain("commit to", "table "+nameOf(id), err)
	}
	return lake.Head{Meta: meta, Location: location}, nil
}

// List returns the tables in our namespaces: the service may have many others.
func (h *restHeads) List(ctx context.Context) (out []table.Identifier, err error) {
	c, err := h.connect(ctx)
	if err != nil {
		return nil, err
	}
	for _, space := range spaces() {
		for id, err := range c.ListTables(ctx, table.Identifier{space}) {
			if errors.Is(err, catalog.ErrNoSuchNamespace) {
				break
			}
			if err != nil {
				return nil, h.explain("list", "the tables of "+space, err)
			}
			out = append(out, id)
		}
	}
	return out, nil
}

// spaces are the namespaces of the lake.
func spaces() []string { return []string{lake.LogsSpace, lake.MonitorSpace} }

func nameOf(id table.Identifier) string { return strings.Join(id, ".") }

// explain says what was asked of the service, and how to mend what a person can mend.
func (h *restHeads) explain(doing, what string, err error) error {
	if err == nil {
		return nil
	}
	hint := ""
	var network *url.Error
	switch {
	case errors.Is(err, rest.ErrUnauthorized), errors.Is(err, rest.ErrAuthorizationExpired), errors.Is(err, rest.ErrOAuthError):
		hint = "; the catalog does not take what it is shown: set lake.rest.credential or lake.rest.token"
	case errors.Is(err, rest.ErrForbidden):
		hint = "; allow it to the user of lake.rest in the catalog"
	case errors.As(err, &network) && !errors.Is(err, context.Canceled):
		hint = fmt.Sprintf("; is %s right (lake.rest.uri), and does the catalog run?", h.URI)
	}
	return fmt.Errorf("%s %s in the catalog at %s: %w%s", doing, what, h.URI, err, hint)
}

var _ lake.Heads = (*restHeads)(nil)
