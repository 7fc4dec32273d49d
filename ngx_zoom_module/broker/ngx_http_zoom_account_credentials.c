#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_access.h"
#include "ngx_http_zoom_account_credentials.h"
#include "ngx_http_zoom_mint.h"
#include "ngx_http_zoom_str.h"
#include "zoom_oauth.h"
#include "zoom_secret.h"


#define NGX_HTTP_ZOOM_FORM_MAX   1024
#define NGX_HTTP_ZOOM_BASIC_MAX  (2 * ZOOM_SECRET_FILE_MAX)


static ngx_int_t ngx_http_zoom_account_credentials_send(
    ngx_http_zoom_call_t *call, const ngx_http_zoom_mint_job_t *job,
    const ngx_str_t *access, ngx_http_zoom_exchange_t *x);
static void ngx_http_zoom_account_credentials_classify(
    const ngx_http_zoom_mint_job_t *job, const zoom_response_t *response,
    zoom_buf_t *token, ngx_http_zoom_minted_t *minted, zoom_verdict_t *v);
static u_char *ngx_http_zoom_account_credentials_print(
    const ngx_http_zoom_mint_job_t *job, u_char *p, u_char *last);
static time_t ngx_http_zoom_account_credentials_serves(
    const ngx_http_zoom_mint_job_t *job);


static const ngx_http_zoom_mint_ops_t  ngx_http_zoom_account_credentials_ops = {
    ngx_http_zoom_account_credentials_send,
    ngx_http_zoom_account_credentials_classify,
    ngx_http_zoom_account_credentials_print,
    NULL,
    ngx_http_zoom_account_credentials_serves,
    NULL,
    NULL,
    NULL
};


const ngx_http_zoom_job_t *
ngx_http_zoom_account_credentials(ngx_pool_t *pool,
    ngx_http_zoom_worker_account_t *wa)
{
    ngx_http_zoom_mint_job_t  *job;

    job = ngx_pcalloc(pool, sizeof(ngx_http_zoom_mint_job_t));
    if (job == NULL) {
        return NULL;
    }

    job->head.size = sizeof(ngx_http_zoom_mint_job_t);
    job->head.ops = &ngx_http_zoom_mint_flight;
    job->head.reuse = NGX_MAX_INT32_VALUE;
    job->head.min_left = NGX_HTTP_ZOOM_ACCESS_LEFT;
    job->head.shared = 1;
    job->ops = &ngx_http_zoom_account_credentials_ops;
    job->wa = wa;
    job->service = NGX_HTTP_ZOOM_OAUTH;
    job->label = ZOOM_NLABELS;
    job->anonymous = 1;

    return &job->head;
}


static ngx_int_t
ngx_http_zoom_account_credentials_send(ngx_http_zoom_call_t *call,
    const ngx_http_zoom_mint_job_t *job, const ngx_str_t *access,
    ngx_http_zoom_exchange_t *x)
{
    ngx_int_t                          rc;
    zoom_buf_t                         authorization, body;
    const ngx_http_zoom_credential_t  *credential;
    u_char                             form[NGX_HTTP_ZOOM_FORM_MAX];
    u_char                             buf[NGX_HTTP_ZOOM_BASIC_MAX];

    credential = &job->wa->account->credential;

    zoom_buf_init(&authorization, buf, sizeof(buf));
    zoom_oauth_authorization(&authorization,
                             ngx_http_zoom_str(&credential->client_id),
                             ngx_http_zoom_str(&credential->client_secret));

    zoom_buf_init(&body, form, sizeof(form));
    zoom_oauth_body(&body, ngx_http_zoom_str(&job->wa->account->account_id));

    x->origin = &credential->oauth;
    x->authorization.data = authorization.data;
    x->authorization.len = authorization.len;
    x->body.data = body.data;
    x->body.len = body.len;

    rc = NGX_ERROR;

    if (!authorization.overflow && !body.overflow) {
        rc = ngx_http_zoom_call_send(call, x);
    }

    ngx_explicit_memzero(buf, authorization.len);
    ngx_explicit_memzero(form, body.len);

    return rc;
}


static void
ngx_http_zoom_account_credentials_classify(const ngx_http_zoom_mint_job_t *job,
    const zoom_response_t *response, zoom_buf_t *token,
    ngx_http_zoom_minted_t *minted, zoom_verdict_t *v)
{
    int64_t  life;

    zoom_oauth_classify(response, ngx_time(), token, &life, &minted->lacks, v);

    minted->expires = ngx_time() + life;
}


static u_char *
ngx_http_zoom_account_credentials_print(const ngx_http_zoom_mint_job_t *job,
    u_char *p, u_char *last)
{
    return ngx_slprintf(p, last, "access token");
}


/* seconds that the old token still lives */

static time_t
ngx_http_zoom_account_credentials_serves(const ngx_http_zoom_mint_job_t *job)
{
    ngx_http_zoom_record_t  rec;

    ngx_http_zoom_access_look(job->wa, &rec);

    if (rec.published == 0 || rec.expires <= ngx_time()) {
        return 0;
    }

    return rec.expires - ngx_time();
}
