/*
 * zoom_status: one snapshot, and three ways to write it down.
 */

#ifndef _NGX_HTTP_ZOOM_STATUS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_STATUS_H_INCLUDED_


#include "ngx_http_zoom_report.h"
#include "ngx_http_zoom_writer.h"


typedef enum {
    NGX_HTTP_ZOOM_OK = 0,
    NGX_HTTP_ZOOM_OUTAGE,            /* Zoom's: it will pass */
    NGX_HTTP_ZOOM_BROKEN             /* somebody has to mend it */
} ngx_http_zoom_health_e;


typedef struct {
    ngx_http_zoom_health_e       health;
    zoom_error_e                 error;
    ngx_msec_t                   age;
    ngx_msec_t                   probe;      /* until the next, 0: it is due */
    uint64_t                     count;      /* failed since */
    ngx_uint_t                   row;        /* failures in a row; may be
                                                before it counts as trouble */
    ngx_uint_t                   untrusted;  /* the last, for a certificate */
} ngx_http_zoom_trouble_t;


typedef struct {
    ngx_str_t                    name;
    ngx_http_zoom_state_t        state;      /* a copy, that stands still */
    ngx_http_zoom_trouble_t      troubles[NGX_HTTP_ZOOM_NSERVICES];
    ngx_http_zoom_label_report_t labels[ZOOM_NLABELS];
    time_t                       age;        /* of the access token */
    time_t                       left;       /* 0: there is none */
    ngx_uint_t                   users;      /* have one each instead */
} ngx_http_zoom_fare_t;


typedef struct {
    time_t                       now;
    ngx_uint_t                   nfares;
    ngx_http_zoom_fare_t        *fares;      /* by account */
    ngx_http_zoom_zone_report_t  zone;
    ngx_atomic_t                 errors[ZOOM_E_LAST];    /* of no account */
    ngx_array_t                  refusals;   /* ngx_http_zoom_refusals_t */
    ngx_array_t                  events;     /* ngx_http_zoom_events_t */
    ngx_array_t                 *pools;      /* ngx_http_zoom_pool_report_t */
} ngx_http_zoom_snapshot_t;


/*
 * Counters of an account: an array in its state, by one label or none.  Those
 * that nobody alerts on are no metric; in it, what is not among the first ones
 * appears when it is no longer 0, so that an account has few series.
 */

typedef struct {
    const char                  *name;
    const char                  *metric;     /* NULL: none */
    const char                  *help;
    const char                  *label;      /* NULL: one number */
    const char *const           *values;     /* NULL: errors */
    ngx_uint_t                   first;
    ngx_uint_t                   last;       /* and one */
    ngx_uint_t                   always;     /* metrics from first to here */
    size_t                       offset;
} ngx_http_zoom_counter_t;


typedef struct {
    const char                  *name;
    const char                  *metric;
    const char                  *help;
    size_t                       offset;     /* in the zone's report */
} ngx_http_zoom_zone_gauge_t;


/* Both end with a NULL name. */

extern const ngx_http_zoom_counter_t     ngx_http_zoom_counters[];
extern const ngx_http_zoom_zone_gauge_t  ngx_http_zoom_zone_gauges[];

extern const char *const  ngx_http_zoom_label_names[ZOOM_NLABELS];
extern const char *const
    ngx_http_zoom_refusal_names[NGX_HTTP_ZOOM_REFUSAL_NNAMES];
extern const char *const  ngx_http_zoom_health_names[];


const char *ngx_http_zoom_counter_value(const ngx_http_zoom_counter_t *counter,
    ngx_uint_t n);
uint64_t ngx_http_zoom_counter_get(const ngx_http_zoom_counter_t *counter,
    const ngx_http_zoom_state_t *state, ngx_uint_t n);
uint64_t ngx_http_zoom_counter_sum(const ngx_http_zoom_counter_t *counter,
    const ngx_http_zoom_state_t *state);
ngx_uint_t ngx_http_zoom_zone_gauge_get(
    const ngx_http_zoom_zone_gauge_t *gauge,
    const ngx_http_zoom_zone_report_t *zone);
uint64_t ngx_http_zoom_histogram_count(const ngx_http_zoom_histogram_t *h);


void ngx_http_zoom_status_json(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap);
void ngx_http_zoom_status_prometheus(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap);
void ngx_http_zoom_status_html(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap);


/* Of users; 0 also where there can be none. */
#define ngx_http_zoom_status_grants(fare)                                     \
    ((fare)->state.grants[ZOOM_GRANT_ACTIVE]                                  \
     + (fare)->state.grants[ZOOM_GRANT_EXPIRED])


#endif /* _NGX_HTTP_ZOOM_STATUS_H_INCLUDED_ */
