/*
 * zoom_health: would a callback be served now?  And with "deep": would a mint
 * work?  Never a mint.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_access.h"
#include "ngx_http_zoom_body.h"
#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_grants.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_outlook.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_worker_account.h"


typedef struct {
    ngx_http_request_t          *request;
    ngx_http_zoom_ctx_t         *ctx;
    ngx_http_zoom_access_t       access;
    unsigned                     deep:1;
} ngx_http_zoom_health_t;


static ngx_int_t ngx_http_zoom_health_go(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_http_zoom_health_t *ngx_http_zoom_health_create(
    ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx);
static ngx_uint_t ngx_http_zoom_health_deep(ngx_http_request_t *r);
static void ngx_http_zoom_health_ask(ngx_http_zoom_health_t *health);
static ngx_int_t ngx_http_zoom_health_access(ngx_http_zoom_health_t *health);
static void ngx_http_zoom_health_cleanup(void *data);
static void ngx_http_zoom_health_answered(ngx_http_zoom_access_t *a);
static void ngx_http_zoom_health_done(ngx_http_zoom_health_t *health);
static void ngx_http_zoom_health_look(ngx_http_zoom_health_t *health,
    ngx_http_zoom_outlook_t *outlook);
static unsigned ngx_http_zoom_health_types(
    const ngx_http_zoom_health_t *health, ngx_uint_t *all);
static ngx_uint_t ngx_http_zoom_health_stale(
    const ngx_http_zoom_health_t *health);
static ngx_int_t ngx_http_zoom_health_unavailable(
    ngx_http_zoom_health_t *health, const ngx_http_zoom_outlook_t *outlook);


ngx_int_t
ngx_http_zoom_health_handler(ngx_http_request_t *r)
{
    return ngx_http_zoom_enter_bodiless(r,
                                    NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_POST,
                                    "GET, HEAD, POST",
                                    ngx_http_zoom_health_go);
}


static ngx_int_t
ngx_http_zoom_health_go(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_int_t                rc;
    ngx_http_zoom_health_t  *health;

    rc = ngx_http_zoom_body_discard(r);

    if (rc != NGX_OK) {
        return rc;
    }

    health = ngx_http_zoom_health_create(r, ctx);

    if (health == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->main->count++;

    ngx_http_zoom_health_ask(health);

    return NGX_DONE;
}


static ngx_http_zoom_health_t *
ngx_http_zoom_health_create(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_msec_t                       left;
    ngx_http_cleanup_t              *cln;
    ngx_http_zoom_health_t          *health;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    health = ngx_pcalloc(r->pool, sizeof(ngx_http_zoom_health_t));
    if (health == NULL) {
        return NULL;
    }

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_zoom_health_cleanup;
    cln->data = health;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    health->request = r;
    health->ctx = ctx;
    health->deep = ngx_http_zoom_health_deep(r);

    left = ngx_http_zoom_ctx_time_left(r);

    health->access.wa = ngx_http_zoom_worker_account(zlcf->account);
    health->access.deadline = ngx_current_msec + ngx_max(left, 1);
    health->access.stale_after = NGX_HTTP_ZOOM_NEVER;
    health->access.handler = ngx_http_zoom_health_answered;
    health->access.data = health;

    return health;
}


/* "deep=0" and "deep=" are no, as without it; any other value is meant so. */

static ngx_uint_t
ngx_http_zoom_health_deep(ngx_http_request_t *r)
{
    ngx_str_t  value;

    if (ngx_http_arg(r, (u_char *) "deep", 4, &value) != NGX_OK) {
        return 0;
    }

    return value.len != 0 && !(value.len == 1 && value.data[0] == '0');
}


static void
ngx_http_zoom_health_ask(ngx_http_zoom_health_t *health)
{
    ngx_int_t                rc;
    ngx_http_zoom_access_t  *a;

    a = &health->access;

    if (a->wa == NULL) {
        a->error = ZOOM_E_INTERNAL;
        ngx_http_zoom_health_done(health);
        return;
    }

    rc = ngx_http_zoom_health_access(health);

    if (rc == NGX_AGAIN
        && ngx_http_zoom_ctx_watch(health->request, health->ctx) != NGX_OK)
    {
        ngx_http_zoom_access_cancel(a);
        a->error = ZOOM_E_INTERNAL;
        rc = NGX_OK;
    }

    if (rc == NGX_OK) {
        ngx_http_zoom_health_done(health);
    }
}


/* health is that of this moment, so nobody waits for an outage to end */

static ngx_int_t
ngx_http_zoom_health_access(ngx_http_zoom_health_t *health)
{
    zoom_error_e             error;
    ngx_http_zoom_state_t   *state;
    ngx_http_zoom_access_t  *a;

    a = &health->access;
    state = a->wa->state;
    error = state->breakers[NGX_HTTP_ZOOM_OAUTH].error;

    /* its users have access tokens of their own, if they can be had */

    if (ngx_http_zoom_account_of_users(a->wa->account)) {

        if (ngx_http_zoom_grants_trouble()) {
            a->error = ZOOM_E_STORE_UNAVAILABLE;

        } else if (ngx_http_zoom_breaker_known(state, NGX_HTTP_ZOOM_OAUTH)) {
            a->error = error;
        }

        return NGX_OK;
    }

    /* with stale tokens to serve there is no need to wait for OAuth */

    if (error != ZOOM_OK
        && (!ngx_http_zoom_breaker_ready(state, NGX_HTTP_ZOOM_OAUTH)
            || ngx_http_zoom_health_stale(health)))
    {
        a->error = error;
        return NGX_OK;
    }

    return ngx_http_zoom_access_get(a);
}


static void
ngx_http_zoom_health_cleanup(void *data)
{
    ngx_http_zoom_health_t  *health = data;

    ngx_http_zoom_access_cancel(&health->access);
}


static void
ngx_http_zoom_health_answered(ngx_http_zoom_access_t *a)
{
    ngx_connection_t        *c;
    ngx_http_zoom_health_t  *health;

    health = a->data;
    c = health->request->connection;

    ngx_http_set_log_request(c->log, health->request);

    ngx_http_zoom_health_done(health);

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_zoom_health_done(ngx_http_zoom_health_t *health)
{
    ngx_int_t                rc;
    ngx_http_request_t      *r;
    ngx_http_zoom_outlook_t  outlook;

    static ngx_str_t  ok = ngx_string("{\"status\":\"ok\"}");

    r = health->request;

    ngx_http_zoom_health_look(health, &outlook);

    if (outlook.error == ZOOM_OK || ngx_http_zoom_health_stale(health)) {
        rc = ngx_http_zoom_reply(r, health->ctx, NGX_HTTP_OK,
                                 "application/json", &ok);

    } else {
        rc = ngx_http_zoom_health_unavailable(health, &outlook);
    }

    ngx_http_finalize_request(r, rc);
}


static void
ngx_http_zoom_health_look(ngx_http_zoom_health_t *health,
    ngx_http_zoom_outlook_t *outlook)
{
    unsigned                         types;
    ngx_uint_t                       i, all;
    ngx_http_zoom_access_t          *a;
    ngx_http_zoom_outlook_t          one;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    ngx_memzero(outlook, sizeof(ngx_http_zoom_outlook_t));

    a = &health->access;

    if (a->error != ZOOM_OK) {
        outlook->error = a->error;
        outlook->part = "access_token";
        outlook->retry_after = a->retry_after;
        return;
    }

    zlcf = ngx_http_get_module_loc_conf(health->request, ngx_http_zoom_module);
    types = ngx_http_zoom_health_types(health, &all);

    for (i = 0; i < ZOOM_NTOKEN_TYPES; i++) {

        if (!(types & (1u << i))) {
            continue;
        }

        ngx_http_zoom_outlook_mint(a->wa, i, a->lacks, zlcf->timeout, &one);

        if ((one.error == ZOOM_OK) != all) {
            *outlook = one;
            return;
        }

        if (outlook->error == ZOOM_OK) {
            *outlook = one;
        }
    }
}


/*
 * The types that have to work, and whether all of them must: without its ZAK a
 * callback fails; of other types one is enough.
 */

static unsigned
ngx_http_zoom_health_types(const ngx_http_zoom_health_t *health,
    ngx_uint_t *all)
{
    unsigned  zak, needs;

    zak = 1u << ZOOM_ZAK;
    needs = health->access.wa->account->needs;

    *all = health->deep;

    if (needs == 0) {
        return zak;
    }

    return (needs & zak) && !health->deep ? zak : needs;
}


/* an older ZAK may still do, as for callbacks */

static ngx_uint_t
ngx_http_zoom_health_stale(const ngx_http_zoom_health_t *health)
{
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(health->request, ngx_http_zoom_module);

    return !health->deep && zlcf->use_stale && health->access.wa
           && ngx_http_zoom_outlook_stored(health->access.wa, zlcf->min_left);
}


static ngx_int_t
ngx_http_zoom_health_unavailable(ngx_http_zoom_health_t *health,
    const ngx_http_zoom_outlook_t *outlook)
{
    u_char                 *p;
    ngx_http_request_t     *r;
    ngx_http_zoom_reply_t  *reply;

    static const char  text[] = "\"status\":\"unavailable\",\"part\":\"%s\",";

    r = health->request;
    reply = &health->ctx->reply;

    p = ngx_pnalloc(r->pool, sizeof(text) + ngx_strlen(outlook->part));
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    reply->before.data = p;
    reply->before.len = ngx_sprintf(p, text, outlook->part) - p;
    reply->after = outlook->retry_after;

    return ngx_http_zoom_reply_status(r, health->ctx, outlook->error,
                                      NGX_HTTP_SERVICE_UNAVAILABLE,
                                      outlook->part);
}
