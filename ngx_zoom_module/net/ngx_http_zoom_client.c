/*
 * Curl's part of a client, which most workers of most accounts never need: made
 * for the first transfer, and given back when there is nothing to do.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_timer.h"
#include "ngx_http_zoom_transfer.h"


/* as long as curl keeps connections that it does not use, milliseconds */

#define NGX_HTTP_ZOOM_CLIENT_REST  120000


static void ngx_http_zoom_client_rest(ngx_event_t *ev);


ngx_int_t
ngx_http_zoom_client_open(ngx_http_zoom_http_client_t *client)
{
    CURLM      *multi;
    CURLMcode   rc;

    client->idle = ngx_calloc(client->bound * sizeof(CURL *), client->log);
    if (client->idle == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_zoom_curl_create(&client->curl) != NGX_OK) {
        ngx_log_error(NGX_LOG_CRIT, client->log, 0,
                      "zoom client: could not make a client for \"%V\"",
                      &client->conf->name);
        ngx_http_zoom_client_close(client);
        return NGX_ERROR;
    }

    multi = client->curl.multi;

    client->keep = client->bound * 2;

    rc = curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long) client->keep);

    /* our own queue keeps the order: curl must never queue */

    rc |= curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                            (long) client->bound);
    rc |= curl_multi_setopt(multi, CURLMOPT_PIPELINING,
                            (long) (client->conf->http2 ? CURLPIPE_MULTIPLEX
                                                        : CURLPIPE_NOTHING));

    if (rc != CURLM_OK) {
        ngx_log_error(NGX_LOG_CRIT, client->log, 0,
                      "curl_multi_setopt() failed: %s",
                      curl_multi_strerror(rc));
        ngx_http_zoom_client_close(client);
        return NGX_ERROR;
    }

    ngx_http_zoom_timer_init(&client->rest, ngx_http_zoom_client_rest,
                             client->log);

    /* a worker that is told to quit does not wait for it */

    client->rest.cancelable = 1;

    ngx_add_timer(&client->rest, NGX_HTTP_ZOOM_CLIENT_REST);

    return NGX_OK;
}


void
ngx_http_zoom_client_close(ngx_http_zoom_http_client_t *client)
{
    while (client->nidle) {
        curl_easy_cleanup(client->idle[--client->nidle]);
    }

    if (client->idle) {
        ngx_free(client->idle);
        client->idle = NULL;
    }

    if (client->curl.multi) {
        ngx_http_zoom_curl_destroy(&client->curl);
    }

    ngx_http_zoom_timer_stop(&client->rest);
}


static void
ngx_http_zoom_client_rest(ngx_event_t *ev)
{
    ngx_msec_t                    rested;
    ngx_http_zoom_http_client_t  *client;

    client = ngx_http_zoom_timer_object(ev, ngx_http_zoom_http_client_t, rest);

    rested = ngx_queue_empty(&client->transfers)
             ? ngx_current_msec - client->used : 0;

    if (rested < NGX_HTTP_ZOOM_CLIENT_REST) {
        ngx_add_timer(ev, NGX_HTTP_ZOOM_CLIENT_REST - rested);
        return;
    }

    ngx_http_zoom_client_close(client);
}
