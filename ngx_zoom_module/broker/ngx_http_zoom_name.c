#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_grants.h"
#include "ngx_http_zoom_name.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_waiter.h"


/* for how long it is remembered, seconds; connecting makes it forgotten */

#define NGX_HTTP_ZOOM_NAME_LIFE     3600

/* and that nobody is called so, milliseconds */

#define NGX_HTTP_ZOOM_NAME_UNKNOWN  5000


static void ngx_http_zoom_name_run(ngx_http_zoom_flight_t *flight);
static void ngx_http_zoom_name_found(ngx_http_zoom_grants_ask_t *ask);
static void ngx_http_zoom_name_fail(ngx_http_zoom_flight_t *flight,
    zoom_error_e error, ngx_msec_t hold);


static const ngx_http_zoom_flight_ops_t  ngx_http_zoom_name_ops = {
    ngx_http_zoom_name_run,
    ngx_http_zoom_waiters_land
};


void
ngx_http_zoom_name_job(ngx_http_zoom_name_job_t *job,
    ngx_http_zoom_worker_account_t *wa, const ngx_str_t *name)
{
    zoom_buf_t  b;

    ngx_memzero(job, sizeof(ngx_http_zoom_name_job_t));

    job->head.size = sizeof(ngx_http_zoom_name_job_t);
    job->head.ops = &ngx_http_zoom_name_ops;
    job->wa = wa;

    zoom_buf_init(&b, job->name, ZOOM_USER_MAX);
    zoom_user_fold(&b, ngx_http_zoom_str(name));
}


static void
ngx_http_zoom_name_run(ngx_http_zoom_flight_t *flight)
{
    ngx_http_zoom_grants_ask_t      *ask;
    const ngx_http_zoom_name_job_t  *job;

    job = (const ngx_http_zoom_name_job_t *) flight->job;

    ask = ngx_http_zoom_grants_ask(NGX_HTTP_ZOOM_GRANT_FIND);

    if (ask == NULL) {
        ngx_http_zoom_name_fail(flight, ZOOM_E_INTERNAL, 0);
        return;
    }

    ngx_cpystrn(ask->query.app, job->wa->account->consent.app.data,
                sizeof(ask->query.app));
    ngx_cpystrn(ask->query.name, (u_char *) job->name,
                sizeof(ask->query.name));

    ask->handler = ngx_http_zoom_name_found;
    ask->data = flight;

    flight->data = ask;

    if (ngx_http_zoom_grants_post(ask) != NGX_OK) {
        ngx_http_zoom_name_fail(flight, ZOOM_E_STORE_UNAVAILABLE, 0);
    }
}


static void
ngx_http_zoom_name_found(ngx_http_zoom_grants_ask_t *ask)
{
    ngx_http_zoom_flight_t  *flight;
    ngx_http_zoom_result_t   result;

    flight = ask->data;

    if (ask->query.rc == NGX_ERROR) {
        ngx_http_zoom_name_fail(flight, ZOOM_E_STORE_UNAVAILABLE, 0);
        return;
    }

    if (ask->query.rc == NGX_DECLINED) {
        ngx_http_zoom_name_fail(flight, ZOOM_E_NOT_CONNECTED,
                                NGX_HTTP_ZOOM_NAME_UNKNOWN);
        return;
    }

    ngx_memzero(&result, sizeof(ngx_http_zoom_result_t));

    result.value.data = ask->query.user;
    result.value.len = ngx_strlen(ask->query.user);
    result.minted = ngx_time();
    result.expires = ngx_time() + NGX_HTTP_ZOOM_NAME_LIFE;

    flight->data = NULL;

    ngx_http_zoom_flight_land(flight, &result);
}


static void
ngx_http_zoom_name_fail(ngx_http_zoom_flight_t *flight, zoom_error_e error,
    ngx_msec_t hold)
{
    ngx_http_zoom_result_t  result;

    ngx_memzero(&result, sizeof(ngx_http_zoom_result_t));

    result.error = error;
    result.hold = hold;
    result.retry_after = 1;

    flight->data = NULL;

    ngx_http_zoom_flight_land(flight, &result);
}
