#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include "ngx_http_zoom_redis_name.h"


static ngx_int_t ngx_http_zoom_redis_name_resolve(
    ngx_http_zoom_redis_name_t *name);
static void ngx_http_zoom_redis_name_handler(ngx_resolver_ctx_t *ctx);
static void ngx_http_zoom_redis_name_offer(ngx_http_zoom_redis_name_t *name,
    struct sockaddr *sockaddr, socklen_t socklen);
static ngx_int_t ngx_http_zoom_redis_name_take(
    ngx_http_zoom_redis_name_t *name);
static ngx_int_t ngx_http_zoom_redis_name_fail(
    ngx_http_zoom_redis_name_t *name, const char *why);


ngx_int_t
ngx_http_zoom_redis_name_find(ngx_http_zoom_redis_name_t *name,
    const ngx_http_zoom_redis_place_t *place)
{
    ngx_uint_t  i;

    name->n = 0;
    name->error[0] = '\0';
    name->least[0] = '\0';
    name->next[0] = '\0';
    name->host = place->host;

    if (ngx_http_zoom_redis_literal(&place->host)) {
        name->n = 1;
        ngx_cpystrn(name->addr, place->host.data, sizeof(name->addr));
        return NGX_OK;
    }

    if (place->naddrs == 0) {
        return ngx_http_zoom_redis_name_resolve(name);
    }

    for (i = 0; i < place->naddrs; i++) {
        ngx_http_zoom_redis_name_offer(name, place->addrs[i].sockaddr,
                                       place->addrs[i].socklen);
    }

    return ngx_http_zoom_redis_name_take(name);
}


/* What the resolver knows it says at once. */

static ngx_int_t
ngx_http_zoom_redis_name_resolve(ngx_http_zoom_redis_name_t *name)
{
    ngx_int_t            rc;
    ngx_resolver_ctx_t  *ctx;

    ctx = name->conf->resolver ? ngx_resolve_start(name->conf->resolver, NULL)
                               : NULL;

    if (ctx == NULL || ctx == NGX_NO_RESOLVER) {
        return ngx_http_zoom_redis_name_fail(name, "no \"resolver\" in the "
                                             "http block");
    }

    ctx->name = name->host;
    ctx->handler = ngx_http_zoom_redis_name_handler;
    ctx->data = name;
    ctx->cancelable = 1;

    /* before the link's own time is over, which would not tell what was late */

    ctx->timeout = name->conf->timeout - name->conf->timeout / 8;

    name->ctx = ctx;
    name->inside = 1;

    rc = ngx_resolve_name(ctx);

    name->inside = 0;

    if (rc != NGX_OK) {
        name->ctx = NULL;
        return ngx_http_zoom_redis_name_fail(name, "the resolver failed");
    }

    if (name->ctx) {
        return NGX_AGAIN;
    }

    return name->error[0] ? NGX_ERROR : NGX_OK;
}


static void
ngx_http_zoom_redis_name_handler(ngx_resolver_ctx_t *ctx)
{
    ngx_uint_t                   i;
    ngx_http_zoom_redis_name_t  *name;

    name = ctx->data;

    if (ctx->state == NGX_OK) {
        for (i = 0; i < ctx->naddrs; i++) {
            ngx_http_zoom_redis_name_offer(name, ctx->addrs[i].sockaddr,
                                           ctx->addrs[i].socklen);
        }

        (void) ngx_http_zoom_redis_name_take(name);

    } else {
        (void) ngx_http_zoom_redis_name_fail(name,
                                   (ctx->state == NGX_RESOLVE_TIMEDOUT)
                                   ? "no answer from the name server"
                                   : ngx_resolver_strerror(ctx->state));
    }

    ngx_resolve_name_done(ctx);
    name->ctx = NULL;

    if (!name->inside) {
        name->handler(name);
    }
}


/* Name servers, and nginx, turn the order of addresses at will. */

static void
ngx_http_zoom_redis_name_offer(ngx_http_zoom_redis_name_t *name,
    struct sockaddr *sockaddr, socklen_t socklen)
{
    u_char  *last, text[NGX_SOCKADDR_STRLEN + 1];

    last = text + ngx_sock_ntop(sockaddr, socklen, text, NGX_SOCKADDR_STRLEN,
                                0);
    *last = '\0';

    name->n++;

    if (name->least[0] == '\0' || ngx_strcmp(text, name->least) < 0) {
        ngx_memcpy(name->least, text, sizeof(text));
    }

    if (ngx_strcmp(text, name->addr) > 0
        && (name->next[0] == '\0' || ngx_strcmp(text, name->next) < 0))
    {
        ngx_memcpy(name->next, text, sizeof(text));
    }
}


static ngx_int_t
ngx_http_zoom_redis_name_take(ngx_http_zoom_redis_name_t *name)
{
    if (name->least[0] == '\0') {
        return ngx_http_zoom_redis_name_fail(name, "no address");
    }

    ngx_memcpy(name->addr, name->next[0] ? name->next : name->least,
               sizeof(name->addr));

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_redis_name_fail(ngx_http_zoom_redis_name_t *name,
    const char *why)
{
    u_char  *last;

    last = name->error + sizeof(name->error) - 1;

    *ngx_slprintf(name->error, last, "could not resolve \"%V\": %s",
                  &name->host, why) = '\0';

    return NGX_ERROR;
}


void
ngx_http_zoom_redis_name_stop(ngx_http_zoom_redis_name_t *name)
{
    if (name->ctx) {
        ngx_resolve_name_done(name->ctx);
        name->ctx = NULL;
    }
}

#endif
