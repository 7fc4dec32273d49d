/*
 * zoom_health: would a callback work now?  Never a mint.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_access.h"
#include "ngx_http_zoom_body.h"
#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_worker_account.h"


typedef struct {
    ngx_http_request_t          *request;
    ngx_http_zoom_ctx_t         *ctx;
    ngx_http_zoom_access_t       access;
} ngx_http_zoom_health_t;


static ngx_http_zoom_health_t *ngx_http_zoom_health_create(
    ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_health_ask(ngx_http_zoom_health_t *health);
static void ngx_http_zoom_health_cleanup(void *data);
static void ngx_http_zoom_health_answered(ngx_http_zoom_access_t *a);
static void ngx_http_zoom_health_done(ngx_http_zoom_health_t *health);


ngx_int_t
ngx_http_zoom_health_handler(ngx_http_request_t *r)
{
    ngx_int_t                rc;
    ngx_http_zoom_ctx_t     *ctx;
    ngx_http_zoom_health_t  *health;

    rc = ngx_http_zoom_enter_bodiless(r, &ctx,
                                 NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_POST,
                                 "GET, HEAD, POST");
    if (rc != NGX_AGAIN) {
        return rc;
    }

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

    left = ngx_http_zoom_ctx_time_left(r);

    health->access.wa = ngx_http_zoom_worker_account(zlcf->account);
    health->access.deadline = ngx_current_msec + ngx_max(left, 1);
    health->access.handler = ngx_http_zoom_health_answered;
    health->access.data = health;

    return health;
}


/* health is asked for as it is now, not as it may be soon */

static void
ngx_http_zoom_health_ask(ngx_http_zoom_health_t *health)
{
    zoom_error_e             error;
    ngx_http_zoom_state_t   *state;
    ngx_http_zoom_access_t  *a;

    a = &health->access;

    if (a->wa == NULL) {
        a->error = ZOOM_E_INTERNAL;
        ngx_http_zoom_health_done(health);
        return;
    }

    state = a->wa->state;
    error = state->breakers[NGX_HTTP_ZOOM_OAUTH].error;

    if (error != ZOOM_OK
        && !ngx_http_zoom_breaker_due(state, NGX_HTTP_ZOOM_ZAK))
    {
        a->error = error;
        ngx_http_zoom_health_done(health);
        return;
    }

    if (ngx_http_zoom_access_get(a) == NGX_OK) {
        ngx_http_zoom_health_done(health);
        return;
    }

    if (ngx_http_zoom_ctx_watch(health->request, health->ctx) != NGX_OK) {
        ngx_http_zoom_access_cancel(a);
        a->error = ZOOM_E_INTERNAL;
        ngx_http_zoom_health_done(health);
    }
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
    ngx_int_t               rc;
    zoom_error_e            error;
    ngx_http_request_t     *r;
    ngx_http_zoom_state_t  *state;

    static ngx_str_t  ok = ngx_string("{\"status\":\"ok\"}");

    r = health->request;
    error = health->access.error;

    if (error == ZOOM_OK) {
        state = health->access.wa->state;

        if (ngx_http_zoom_breaker_known(state, NGX_HTTP_ZOOM_ZAK)) {
            error = state->breakers[NGX_HTTP_ZOOM_ZAK].error;
        }
    }

    if (error == ZOOM_OK) {
        rc = ngx_http_zoom_reply(r, health->ctx, NGX_HTTP_OK,
                                 "application/json", &ok);

    } else {
        rc = ngx_http_zoom_reply_status(r, health->ctx, error,
                                        NGX_HTTP_SERVICE_UNAVAILABLE, NULL);
    }

    ngx_http_finalize_request(r, rc);
}
