#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_html.h"
#include "ngx_http_zoom_html_fare.h"
#include "ngx_http_zoom_status.h"
#include "ngx_http_zoom_str.h"


/* milliseconds that are no news */

#define NGX_HTTP_ZOOM_SLOW    1000


/* What is wrong, "for" so long, and what to do. */

typedef struct {
    zoom_error_e                 error;
    const char                  *what;
    const char                  *advice;
} ngx_http_zoom_advice_t;


static void ngx_http_zoom_html_trouble(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare, const ngx_http_zoom_trouble_t *trouble,
    const char *kind);
static const ngx_http_zoom_advice_t *ngx_http_zoom_html_advice(
    const ngx_http_zoom_trouble_t *trouble);
static void ngx_http_zoom_html_fine(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare);
static void ngx_http_zoom_html_failures(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare, ngx_uint_t row);
static void ngx_http_zoom_html_callbacks(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare);
static void ngx_http_zoom_html_calls(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare);
static const char *ngx_http_zoom_html_asked(const ngx_http_zoom_fare_t *fare);
static uint64_t ngx_http_zoom_html_requests(const ngx_http_zoom_fare_t *fare);
static const ngx_http_zoom_trouble_t *ngx_http_zoom_html_worst(
    const ngx_http_zoom_fare_t *fare);
static ngx_uint_t ngx_http_zoom_html_failed(
    const ngx_http_zoom_fare_t *fare);
static ngx_msec_t ngx_http_zoom_html_wait(const ngx_http_zoom_fare_t *fare);


static const char *const  ngx_http_zoom_html_lights[] = {
    "green", "amber", "red"
};


static const char *const  ngx_http_zoom_html_words[] = {
    "OK", "WAIT", "BROKEN"
};


static const ngx_http_zoom_advice_t  ngx_http_zoom_html_untrusted = {
    ZOOM_E_ZOOM_UNAVAILABLE, "Zoom's certificate has not been trusted",
    "check trusted_certificate, and what stands between Zoom and this host"
};


static const ngx_http_zoom_advice_t  ngx_http_zoom_html_advices[] = {

    { ZOOM_E_CREDENTIALS_REJECTED, "Zoom has refused our credentials",
      "check account_id, client_id and client_secret, then reload nginx" },

    { ZOOM_E_APP_DISABLED, "the Zoom app has been switched off",
      "activate it in Zoom's App Marketplace" },

    { ZOOM_E_SCOPE_MISSING, "the Zoom app has lacked a scope",
      "add the one that nginx's error log names, then activate the app again" },

    { ZOOM_E_ZOOM_REFUSED, "Zoom has refused us an access token",
      "nginx's error log has Zoom's words" },

    { ZOOM_E_ZOOM_UNAVAILABLE, "Zoom has been out of reach",
      "look at status.zoom.us and at this host's network" },

    { ZOOM_E_ZOOM_INVALID, "Zoom has given answers that make no sense",
      "look at status.zoom.us and at what stands between it and this host" },

    { ZOOM_OK, "something has been wrong",
      "nginx's error log tells" }
};


void
ngx_http_zoom_html_fare(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare)
{
    ngx_http_zoom_light_e           light;
    const ngx_http_zoom_trouble_t  *trouble;

    /* by ngx_http_zoom_service_e */

    static const char *const  what[NGX_HTTP_ZOOM_NSERVICES] = {
        NULL, NULL, "onbehalf tokens", "local_recording tokens",
        "live_streaming tokens", "local_archiving tokens",
        "answers of the API", "MCP", "recordings"
    };

    light = ngx_http_zoom_html_light(fare);
    trouble = ngx_http_zoom_html_worst(fare);

    ngx_http_zoom_writef(w, "<li class=%s><i>%s</i><b>",
                         ngx_http_zoom_html_lights[light],
                         ngx_http_zoom_html_words[light]);
    ngx_http_zoom_html_text(w, fare->name.data, fare->name.len);
    ngx_http_zoom_writes(w, ":</b> ");

    if (trouble) {
        ngx_http_zoom_html_trouble(w, fare, trouble,
                                   what[trouble - fare->troubles]);

    } else {
        ngx_http_zoom_html_fine(w, fare);
    }

    ngx_http_zoom_writes(w, "</li>\n");
}


/* "what" does not come; NULL: what everybody needs. */

static void
ngx_http_zoom_html_trouble(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare, const ngx_http_zoom_trouble_t *trouble,
    const char *what)
{
    const ngx_http_zoom_advice_t  *a;

    a = ngx_http_zoom_html_advice(trouble);

    if (what) {
        ngx_http_zoom_writef(w, "no %s, ", what);
    }

    ngx_http_zoom_writef(w, "%s for ", a->what);
    ngx_http_zoom_html_span(w, trouble->age / 1000);

    ngx_http_zoom_writef(w, ": %s; %uL attempt%s failed so far, ", a->advice,
                         trouble->count, ngx_http_zoom_s(trouble->count));

    if (trouble->probe == 0) {
        ngx_http_zoom_writef(w, "the next %s tries again.",
                             ngx_http_zoom_html_asked(fare));
        return;
    }

    ngx_http_zoom_writes(w, "next probe in ");
    ngx_http_zoom_html_span(w, (trouble->probe + 999) / 1000);
    ngx_http_zoom_writes(w, ".");

    if (zoom_error_is_outage(trouble->error)
        || trouble->error == ZOOM_E_RATE_LIMITED)
    {
        ngx_http_zoom_writes(w, " Stored tokens are handed out meanwhile.");
    }
}


static const ngx_http_zoom_advice_t *
ngx_http_zoom_html_advice(const ngx_http_zoom_trouble_t *trouble)
{
    const ngx_http_zoom_advice_t  *a;

    if (trouble->untrusted) {
        return &ngx_http_zoom_html_untrusted;
    }

    for (a = ngx_http_zoom_html_advices; a->error != ZOOM_OK; a++) {
        if (a->error == trouble->error) {
            break;
        }
    }

    return a;
}


static void
ngx_http_zoom_html_fine(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare)
{
    ngx_uint_t  row;

    row = ngx_http_zoom_html_failed(fare);

    if (row) {
        ngx_http_zoom_html_failures(w, fare, row);

    } else if (ngx_http_zoom_html_wait(fare) > NGX_HTTP_ZOOM_SLOW) {
        ngx_http_zoom_writes(w, "working, but Zoom's limits are used up: "
                                "a new token waits ");
        ngx_http_zoom_html_span(w, ngx_http_zoom_html_wait(fare) / 1000);
        ngx_http_zoom_writes(w, ".");

    } else if (fare->users) {
        ngx_http_zoom_writes(w, "working, with an access token of each user "
                                "who has connected.");

    } else if (fare->left == 0) {
        ngx_http_zoom_writef(w, "no access token yet; the next %s fetches "
                                "one.", ngx_http_zoom_html_asked(fare));

    } else {
        ngx_http_zoom_writes(w, "working.");
    }

    ngx_http_zoom_html_callbacks(w, fare);
    ngx_http_zoom_html_calls(w, fare);

    if (fare->left) {
        ngx_http_zoom_writes(w, " The access token is good for ");
        ngx_http_zoom_html_span(w, fare->left);
        ngx_http_zoom_writes(w, ".");
    }
}


/* Before it counts as trouble. */

static void
ngx_http_zoom_html_failures(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare, ngx_uint_t row)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_ZOOM_NSERVICES; i++) {

        if (fare->troubles[i].row == row && fare->troubles[i].untrusted) {
            ngx_http_zoom_writef(w, "%s: %s.",
                                 ngx_http_zoom_html_untrusted.what,
                                 ngx_http_zoom_html_untrusted.advice);
            return;
        }
    }

    ngx_http_zoom_writef(w, "Zoom has not answered the last %ui request%s, "
                            "it is tried again.", row, ngx_http_zoom_s(row));
}


/* No callbacks, and none that was let in, are two different things. */

static void
ngx_http_zoom_html_callbacks(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare)
{
    uint64_t    answered, minted, failed;
    ngx_uint_t  i;

    answered = 0;
    minted = 0;
    failed = 0;

    for (i = 1; i < NGX_HTTP_ZOOM_NSTATUSES; i++) {
        answered += fare->state.tallies[0].answers[i];
    }

    for (i = NGX_HTTP_ZOOM_ZAK; i < NGX_HTTP_ZOOM_NMINTS; i++) {
        minted += fare->state.minted[i];
    }

    for (i = 1; i < ZOOM_E_LAST; i++) {
        failed += fare->state.errors[i];
    }

    if (answered) {
        ngx_http_zoom_writef(w, " %uL callback%s answered with %uL mint%s.",
                             answered, ngx_http_zoom_s(answered), minted,
                             ngx_http_zoom_s(minted));

    } else if (ngx_http_zoom_html_requests(fare)) {

        /* what failed may be the gateway's, which need not have bots */

    } else if (failed) {
        ngx_http_zoom_writef(w, " No callback has got a token: %uL failed.",
                             failed);

    } else if (fare->state.turned_away == 0) {
        ngx_http_zoom_writes(w, " No callback so far.");
    }

    if (answered == 0 && fare->state.turned_away) {
        ngx_http_zoom_writef(w, " No callback was let in: %uA refused, see "
                                "above.", fare->state.turned_away);
    }
}


/* Of the gateway, where there is one. */

static void
ngx_http_zoom_html_calls(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare)
{
    uint64_t             answered, denied, failed;
    const ngx_atomic_t  *passed;

    if (ngx_http_zoom_html_requests(fare) == 0) {
        return;
    }

    passed = fare->state.passed;

    denied = passed[NGX_HTTP_ZOOM_PASSED_DENIED];
    failed = passed[NGX_HTTP_ZOOM_PASSED_FAILED];

    answered = (uint64_t) passed[NGX_HTTP_ZOOM_PASSED_ANSWERED]
               + passed[NGX_HTTP_ZOOM_PASSED_CLIENT_ERROR]
               + passed[NGX_HTTP_ZOOM_PASSED_SERVER_ERROR];

    ngx_http_zoom_writef(w, " Zoom has answered %uL request%s of callers",
                         answered, ngx_http_zoom_s(answered));

    if (denied) {
        ngx_http_zoom_writef(w, ", %uL %s denied", denied,
                             denied == 1 ? "was" : "were");
    }

    if (failed) {
        ngx_http_zoom_writef(w, ", %uL failed", failed);
    }

    ngx_http_zoom_writes(w, ".");
}


/* What tries next. */

static const char *
ngx_http_zoom_html_asked(const ngx_http_zoom_fare_t *fare)
{
    return ngx_http_zoom_html_requests(fare) ? "request" : "callback";
}


static uint64_t
ngx_http_zoom_html_requests(const ngx_http_zoom_fare_t *fare)
{
    uint64_t    n;
    ngx_uint_t  i;

    n = 0;

    for (i = 0; i < NGX_HTTP_ZOOM_NPASSED; i++) {
        n += fare->state.passed[i];
    }

    return n;
}


/* NULL: all is well.  Without an access token nothing is minted. */

static const ngx_http_zoom_trouble_t *
ngx_http_zoom_html_worst(const ngx_http_zoom_fare_t *fare)
{
    ngx_uint_t                      i;
    const ngx_http_zoom_trouble_t  *worst;

    worst = NULL;

    for (i = 0; i < NGX_HTTP_ZOOM_NSERVICES; i++) {

        if (fare->troubles[i].health == NGX_HTTP_ZOOM_OK) {
            continue;
        }

        if (worst == NULL || fare->troubles[i].health > worst->health) {
            worst = &fare->troubles[i];
        }
    }

    return worst;
}


ngx_http_zoom_light_e
ngx_http_zoom_html_light(const ngx_http_zoom_fare_t *fare)
{
    const ngx_http_zoom_trouble_t  *trouble;

    trouble = ngx_http_zoom_html_worst(fare);

    if (trouble) {
        return (trouble->health == NGX_HTTP_ZOOM_BROKEN)
               ? NGX_HTTP_ZOOM_RED : NGX_HTTP_ZOOM_AMBER;
    }

    if ((fare->left == 0 && !fare->users)
        || ngx_http_zoom_html_failed(fare)
        || ngx_http_zoom_html_wait(fare) > NGX_HTTP_ZOOM_SLOW)
    {
        return NGX_HTTP_ZOOM_AMBER;
    }

    return NGX_HTTP_ZOOM_GREEN;
}


/* Requests in a row. */

static ngx_uint_t
ngx_http_zoom_html_failed(const ngx_http_zoom_fare_t *fare)
{
    ngx_uint_t  i, row;

    row = 0;

    for (i = 0; i < NGX_HTTP_ZOOM_NSERVICES; i++) {
        row = ngx_max(row, fare->troubles[i].row);
    }

    return row;
}


static ngx_msec_t
ngx_http_zoom_html_wait(const ngx_http_zoom_fare_t *fare)
{
    ngx_uint_t  i;
    ngx_msec_t  wait;

    wait = 0;

    for (i = 0; i < ZOOM_NLABELS; i++) {
        wait = ngx_max(wait, fare->labels[i].wait);
    }

    return wait;
}


const char *
ngx_http_zoom_html_word(ngx_http_zoom_light_e light)
{
    return ngx_http_zoom_html_words[light];
}
