#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_bearer.h"
#include "ngx_http_zoom_sampled.h"
#include "ngx_http_zoom_token.h"
#include "zoom_jointoken.h"
#include "zoom_token.h"
#include "zoom_user.h"


#define NGX_HTTP_ZOOM_TOKEN_PATH  (3 * ZOOM_USER_MAX + 128)


static ngx_int_t ngx_http_zoom_token_send(ngx_http_zoom_call_t *call,
    const ngx_http_zoom_mint_job_t *mint, const ngx_str_t *access,
    ngx_http_zoom_exchange_t *x);
static void ngx_http_zoom_token_subject(ngx_http_zoom_token_job_t *job);
static void ngx_http_zoom_token_user(ngx_http_zoom_mint_job_t *mint,
    ngx_str_t *user);
static void ngx_http_zoom_token_path(zoom_buf_t *b,
    const ngx_http_zoom_token_job_t *job);
static void ngx_http_zoom_token_classify(const ngx_http_zoom_mint_job_t *mint,
    const zoom_response_t *response, zoom_buf_t *token,
    ngx_http_zoom_minted_t *minted, zoom_verdict_t *v);
static u_char *ngx_http_zoom_token_print(const ngx_http_zoom_mint_job_t *mint,
    u_char *p, u_char *last);
static ngx_uint_t ngx_http_zoom_token_another(ngx_http_zoom_mint_job_t *mint,
    zoom_verdict_t *first, zoom_verdict_t *v);


static const ngx_http_zoom_mint_ops_t  ngx_http_zoom_token_ops = {
    ngx_http_zoom_token_send,
    ngx_http_zoom_token_classify,
    ngx_http_zoom_token_print,
    ngx_http_zoom_token_another,
    NULL,
    ngx_http_zoom_token_user,
    NULL,
    NULL
};


void
ngx_http_zoom_token_job(ngx_http_zoom_token_job_t *job,
    ngx_http_zoom_worker_account_t *wa, const ngx_http_zoom_token_req_t *req)
{
    ngx_memzero(job, sizeof(ngx_http_zoom_token_job_t));

    job->mint.head.size = sizeof(ngx_http_zoom_token_job_t);
    job->mint.head.ops = &ngx_http_zoom_mint_flight;
    job->mint.ops = &ngx_http_zoom_token_ops;
    job->mint.wa = wa;
    job->mint.service = ngx_http_zoom_service(req->type);
    job->mint.label = zoom_token_types[req->type].label;

    /*
     * webinars have scopes of their own, which meetings do not need; so do
     * users
     */

    job->mint.lone = req->webinar
                     || ngx_http_zoom_account_of_users(wa->account);

    job->type = req->type;
    job->ttl = req->ttl;
    job->webinar = req->webinar;
    job->bypass = req->bypass;

    if (req->user.len) {
        job->user_len = ngx_min(req->user.len, ZOOM_USER_MAX);
        ngx_memcpy(job->user, req->user.data, job->user_len);
    }

    if (req->meeting.len) {
        job->meeting_len = ngx_min(req->meeting.len, ZOOM_MEETING_ID_MAX);
        ngx_memcpy(job->meeting, req->meeting.data, job->meeting_len);
    }

    ngx_http_zoom_token_subject(job);
}


static void
ngx_http_zoom_token_subject(ngx_http_zoom_token_job_t *job)
{
    zoom_buf_t  folded;
    zoom_str_t  user, meeting;
    u_char      buf[ZOOM_USER_MAX];

    user.data = job->user;
    user.len = job->user_len;

    zoom_buf_init(&folded, buf, sizeof(buf));
    zoom_user_fold(&folded, user);

    user.data = folded.data;
    user.len = folded.len;

    meeting.data = job->meeting;
    meeting.len = job->meeting_len;

    ngx_http_zoom_subject(&job->mint.subject, job->mint.wa, user, meeting);
}


static ngx_int_t
ngx_http_zoom_token_send(ngx_http_zoom_call_t *call,
    const ngx_http_zoom_mint_job_t *mint, const ngx_str_t *access,
    ngx_http_zoom_exchange_t *x)
{
    zoom_buf_t  path;
    u_char      text[NGX_HTTP_ZOOM_TOKEN_PATH];

    zoom_buf_init(&path, text, sizeof(text));
    ngx_http_zoom_token_path(&path, (const ngx_http_zoom_token_job_t *) mint);

    if (path.overflow) {
        return NGX_ERROR;
    }

    x->origin = &call->wa->account->api;
    x->path.data = path.data;
    x->path.len = path.len;

    return ngx_http_zoom_bearer_send(call, access, x);
}


static void
ngx_http_zoom_token_user(ngx_http_zoom_mint_job_t *mint, ngx_str_t *user)
{
    ngx_http_zoom_token_job_t  *job;

    job = (ngx_http_zoom_token_job_t *) mint;

    if (ngx_http_zoom_account_of_users(mint->wa->account)) {
        user->data = job->user;
        user->len = job->user_len;
    }
}


static void
ngx_http_zoom_token_path(zoom_buf_t *b, const ngx_http_zoom_token_job_t *job)
{
    zoom_str_t  user, meeting;

    user.data = job->user;
    user.len = job->user_len;

    /* with a user's own access token there is no other */

    if (ngx_http_zoom_account_of_users(job->mint.wa->account)) {
        user = zoom_str_c("me");
    }

    meeting.data = job->meeting;
    meeting.len = job->meeting_len;

    switch (job->type) {

    case ZOOM_ZAK:
        zoom_zak_path(b, user, job->ttl);
        return;

    case ZOOM_ONBEHALF:
        zoom_obf_path(b, user, meeting, job->ttl);
        return;

    default:
        zoom_jointoken_path(b, job->type, meeting, job->webinar, job->bypass);
    }
}


static void
ngx_http_zoom_token_classify(const ngx_http_zoom_mint_job_t *mint,
    const zoom_response_t *response, zoom_buf_t *token,
    ngx_http_zoom_minted_t *minted, zoom_verdict_t *v)
{
    int64_t                           dies;
    zoom_jointoken_t                  what;
    const ngx_http_zoom_token_job_t  *job;

    job = (const ngx_http_zoom_token_job_t *) mint;

    switch (job->type) {

    case ZOOM_ZAK:
        zoom_zak_classify(response, ngx_time(), job->ttl, token, &dies, v);
        break;

    case ZOOM_ONBEHALF:
        zoom_obf_classify(response, ngx_time(), job->ttl, token, &dies, v);
        break;

    default:
        what.type = job->type;
        what.webinar = job->webinar;

        zoom_jointoken_classify(response, ngx_time(), &what, token, &dies, v);
        break;
    }

    minted->expires = dies;
}


static u_char *
ngx_http_zoom_token_print(const ngx_http_zoom_mint_job_t *mint, u_char *p,
    u_char *last)
{
    const ngx_http_zoom_token_job_t  *job;

    job = (const ngx_http_zoom_token_job_t *) mint;

    p = ngx_slprintf(p, last, "%s", zoom_token_types[job->type].title);

    if (job->user_len) {
        p = ngx_slprintf(p, last, " for user \"%*s\"", job->user_len,
                         job->user);
    }

    if (job->meeting_len) {
        p = ngx_slprintf(p, last, " for %s \"%*s\"",
                         job->webinar ? "webinar" : "meeting",
                         job->meeting_len, job->meeting);
    }

    return p;
}


/*
 * A link of a webinar's form may be that of a meeting with registration, and
 * an account may have no webinars at all: the other is asked for, and if that
 * does not know it either the first answer counts.
 */

static ngx_uint_t
ngx_http_zoom_token_another(ngx_http_zoom_mint_job_t *mint,
    zoom_verdict_t *first, zoom_verdict_t *v)
{
    ngx_http_zoom_token_job_t  *job;

    job = (ngx_http_zoom_token_job_t *) mint;

    if (job->webinar) {
        ngx_http_zoom_sampled(mint->wa->zone, mint->wa->log,
                              "zoom: account \"%V\": no webinar \"%*s\", "
                              "code %d, \"%s\": looking for a meeting",
                              &mint->wa->account->name, job->meeting_len,
                              job->meeting, v->code, v->message);

        *first = *v;
        job->webinar = 0;
        job->mint.lone = ngx_http_zoom_account_of_users(mint->wa->account);

        return 1;
    }

    if (v->error == ZOOM_E_MEETING_UNKNOWN && first->error) {
        job->webinar = 1;
        job->mint.lone = 1;
        *v = *first;
    }

    return 0;
}
