#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_resolve.h"


static void ngx_http_zoom_resolve_handler(ngx_resolver_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_resolve_entry(ngx_http_zoom_resolve_t *r,
    ngx_resolver_ctx_t *ctx);
static u_char *ngx_http_zoom_resolve_addr(u_char *p, struct sockaddr *sa,
    socklen_t socklen);


ngx_int_t
ngx_http_zoom_resolve(ngx_http_zoom_resolve_t *r, ngx_resolver_t *resolver,
    ngx_msec_t timeout)
{
    ngx_resolver_ctx_t  *ctx;

    ctx = ngx_resolve_start(resolver, NULL);

    if (ctx == NULL || ctx == NGX_NO_RESOLVER) {
        return NGX_ERROR;
    }

    ctx->name = r->host;
    ctx->handler = ngx_http_zoom_resolve_handler;
    ctx->data = r;
    ctx->timeout = timeout;

    r->ctx = ctx;

    /* the handler may come and go inside, and free the context */

    if (ngx_resolve_name(ctx) != NGX_OK) {
        r->ctx = NULL;
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_http_zoom_resolve_done(ngx_http_zoom_resolve_t *r)
{
    if (r->ctx) {
        ngx_resolve_name_done(r->ctx);
        r->ctx = NULL;
    }

    if (r->entry.data) {
        ngx_free(r->entry.data);
        r->entry.data = NULL;
    }

    r->list = NULL;
}


static void
ngx_http_zoom_resolve_handler(ngx_resolver_ctx_t *ctx)
{
    ngx_int_t                 state;
    ngx_http_zoom_resolve_t  *r;

    r = ctx->data;
    state = ctx->state;

    if (state == NGX_OK && ngx_http_zoom_resolve_entry(r, ctx) != NGX_OK) {
        r->error = "not enough memory";

    } else if (state == NGX_RESOLVE_TIMEDOUT) {
        r->error = "no answer from the name server";
        r->timedout = 1;

    } else if (state != NGX_OK) {
        r->error = ngx_resolver_strerror(state);
    }

    ngx_resolve_name_done(ctx);
    r->ctx = NULL;

    r->handler(r);
}


/* host:port:address[,address]... */

static ngx_int_t
ngx_http_zoom_resolve_entry(ngx_http_zoom_resolve_t *r,
    ngx_resolver_ctx_t *ctx)
{
    size_t       size;
    u_char      *p;
    ngx_uint_t   i;

    size = r->host.len + sizeof(":65535:")
           + ctx->naddrs * (NGX_SOCKADDR_STRLEN + sizeof("[],") - 1);

    p = ngx_alloc(size, r->log);
    if (p == NULL) {
        return NGX_ERROR;
    }

    r->entry.data = (char *) p;
    r->entry.next = NULL;
    r->list = &r->entry;

    p = ngx_sprintf(p, "%V:%d:", &r->host, (int) r->port);

    for (i = 0; i < ctx->naddrs; i++) {
        if (i) {
            *p++ = ',';
        }

        p = ngx_http_zoom_resolve_addr(p, ctx->addrs[i].sockaddr,
                                       ctx->addrs[i].socklen);
    }

    *p = '\0';

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->log, 0,
                   "zoom client: resolved %s", r->entry.data);

    return NGX_OK;
}


static u_char *
ngx_http_zoom_resolve_addr(u_char *p, struct sockaddr *sa, socklen_t socklen)
{
#if (NGX_HAVE_INET6)

    if (sa->sa_family == AF_INET6) {
        *p++ = '[';
        p += ngx_inet_ntop(AF_INET6,
                           &((struct sockaddr_in6 *) sa)->sin6_addr, p,
                           NGX_INET6_ADDRSTRLEN);
        *p++ = ']';

        return p;
    }

#endif

    return p + ngx_sock_ntop(sa, socklen, p, NGX_SOCKADDR_STRLEN, 0);
}
