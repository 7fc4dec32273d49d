/*
 * The hosts that a client talks to, and how many connections each may have.
 *
 * "connections auto": what the limits let through in the time that an answer
 * takes is all that can be under way at once, so a smaller number would keep a
 * crowd waiting and a larger one is of no use.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_transfer.h"


/* whatever the rate and the latency, if the bound allows it */

#define NGX_HTTP_ZOOM_TRANSFER_HOST_LEAST  16

/* "auto" leaves three quarters of worker_connections to others */

#define NGX_HTTP_ZOOM_TRANSFER_HOST_PART   4
#define NGX_HTTP_ZOOM_TRANSFER_HOST_MIN    4
#define NGX_HTTP_ZOOM_TRANSFER_HOST_MAX    256


static ngx_http_zoom_transfer_host_t *ngx_http_zoom_transfer_host_create(
    ngx_http_zoom_http_client_t *client, const ngx_http_zoom_origin_t *origin);


ngx_uint_t
ngx_http_zoom_transfer_host_bound(ngx_cycle_t *cycle,
    const ngx_http_zoom_client_conf_t *conf)
{
    ngx_uint_t  n;

    if (conf->connections) {
        return conf->connections;
    }

    n = cycle->connection_n / NGX_HTTP_ZOOM_TRANSFER_HOST_PART;
    n = ngx_max(n, NGX_HTTP_ZOOM_TRANSFER_HOST_MIN);

    return ngx_min(n, NGX_HTTP_ZOOM_TRANSFER_HOST_MAX);
}


ngx_http_zoom_transfer_host_t *
ngx_http_zoom_transfer_host(ngx_http_zoom_http_client_t *client,
    const ngx_http_zoom_origin_t *origin)
{
    ngx_queue_t                    *q;
    ngx_http_zoom_transfer_host_t  *host;

    for (q = ngx_queue_head(&client->hosts);
         q != ngx_queue_sentinel(&client->hosts);
         q = ngx_queue_next(q))
    {
        host = ngx_queue_data(q, ngx_http_zoom_transfer_host_t, queue);

        if (host->port == origin->port
            && host->https == origin->https
            && host->name.len == origin->host.len
            && ngx_strncasecmp(host->name.data, origin->host.data,
                               host->name.len)
               == 0)
        {
            return host;
        }
    }

    host = ngx_http_zoom_transfer_host_create(client, origin);

    if (host) {
        ngx_queue_insert_tail(&client->hosts, &host->queue);
    }

    return host;
}


/*
 * An URL is read once for all transfers, as that takes longer than all else
 * that curl does before it sends something.
 */

static ngx_http_zoom_transfer_host_t *
ngx_http_zoom_transfer_host_create(ngx_http_zoom_http_client_t *client,
    const ngx_http_zoom_origin_t *origin)
{
    u_char                         *p;
    size_t                          len;
    ngx_http_zoom_transfer_host_t  *host;

    len = origin->url.len - origin->path.len;

    host = ngx_calloc(sizeof(ngx_http_zoom_transfer_host_t)
                      + origin->host.len + len + 1,
                      client->log);
    if (host == NULL) {
        return NULL;
    }

    p = (u_char *) host + sizeof(ngx_http_zoom_transfer_host_t);

    host->port = origin->port;
    host->https = origin->https;
    host->name.len = origin->host.len;
    host->name.data = p;
    host->url = (char *) p + origin->host.len;

    ngx_memcpy(host->name.data, origin->host.data, origin->host.len);
    ngx_memcpy(host->url, origin->url.data, len);

    ngx_queue_init(&host->waiting);
    ngx_queue_init(&host->running);

    host->address = curl_url();

    if (host->address == NULL
        || curl_url_set(host->address, CURLUPART_URL, host->url,
                        CURLU_DISALLOW_USER)
           != CURLUE_OK)
    {
        ngx_http_zoom_transfer_host_free(host);
        return NULL;
    }

    return host;
}


void
ngx_http_zoom_transfer_host_free(ngx_http_zoom_transfer_host_t *host)
{
    curl_url_cleanup(host->address);

    ngx_free(host);
}


ngx_uint_t
ngx_http_zoom_transfer_host_limit(ngx_http_zoom_http_client_t *client,
    ngx_http_zoom_transfer_host_t *host)
{
    uint64_t                   n;
    ngx_msec_t                 age, latency;
    ngx_queue_t               *q;
    ngx_http_zoom_transfer_t  *oldest;

    if (client->conf->connections) {
        return client->conf->connections;
    }

    latency = host->latency;

    /* a Zoom that has become slow shows in what is not answered yet */

    if (!ngx_queue_empty(&host->running)) {
        q = ngx_queue_head(&host->running);
        oldest = ngx_queue_data(q, ngx_http_zoom_transfer_t, queue);

        age = ngx_current_msec - oldest->started;
        latency = ngx_max(latency, age);
    }

    /* a quarter more, since neither of them is the same for all */

    n = (uint64_t) client->rate * latency / 1000000;
    n += n / 4 + NGX_HTTP_ZOOM_TRANSFER_HOST_LEAST;

    return (ngx_uint_t) ngx_min(n, client->bound);
}


/* up at once, down slowly: it is what a crowd will have to wait for */

void
ngx_http_zoom_transfer_host_answered(ngx_http_zoom_transfer_host_t *host,
    ngx_msec_t took)
{
    if (took >= host->latency) {
        host->latency = took;
        return;
    }

    host->latency -= (host->latency - took + 7) / 8;
}


/* of connections that are idle no more are kept than may be in use */

void
ngx_http_zoom_transfer_host_keep(ngx_http_zoom_http_client_t *client)
{
    ngx_uint_t                      keep;
    ngx_queue_t                    *q;
    ngx_http_zoom_transfer_host_t  *host;

    /* two hosts; a connection fewer than transfers would thrash */

    keep = 0;

    for (q = ngx_queue_head(&client->hosts);
         q != ngx_queue_sentinel(&client->hosts);
         q = ngx_queue_next(q))
    {
        host = ngx_queue_data(q, ngx_http_zoom_transfer_host_t, queue);

        keep += ngx_http_zoom_transfer_host_limit(client, host);
    }

    if (keep == client->keep) {
        return;
    }

    client->keep = keep;

    (void) curl_multi_setopt(client->curl.multi, CURLMOPT_MAXCONNECTS,
                             (long) keep);
}
