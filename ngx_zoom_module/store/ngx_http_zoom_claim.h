/*
 * A token that all hosts share: it is in the store, or one of them holds the
 * claim to bring it, and the others wait.  Knows neither what is brought nor
 * how.
 *
 * A claim lasts for two seconds and is renewed while its owner lives.  It has a
 * number that grows (a fencing token), so that what an owner brings after it
 * has lost the claim does not replace what came later.
 *
 * What is in the store is sealed, bound to its key, and has a time to live.
 * How old it is goes by the store's clock: those of the hosts may differ.
 */

#ifndef _NGX_HTTP_ZOOM_CLAIM_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CLAIM_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_claim_purge.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_fleet.h"
#include "ngx_http_zoom_shared_lease.h"
#include "ngx_http_zoom_shared_user.h"


typedef struct ngx_http_zoom_claim_s  ngx_http_zoom_claim_t;


typedef enum {
    NGX_HTTP_ZOOM_CLAIM_OURS = 0,    /* bring it */
    NGX_HTTP_ZOOM_CLAIM_BROUGHT,     /* here it is */
    NGX_HTTP_ZOOM_CLAIM_REFUSED,     /* it is known that there is none */
    NGX_HTTP_ZOOM_CLAIM_ALONE        /* the store is away: bring it, nobody
                                        else will know */
} ngx_http_zoom_claim_e;


typedef struct {
    ngx_str_t                    token;
    time_t                       minted;     /* by our clock, whoever did */
    time_t                       expires;
    unsigned                     lacks;      /* types, a bit each, that an
                                                access token is no good for */
    ngx_str_t                    refusal;    /* or, in place of all that, why
                                                there is none: no secret, and
                                                no name */
    ngx_msec_t                   left;       /* for so long */
} ngx_http_zoom_claim_value_t;


/*
 * Called once for each ngx_http_zoom_claim_take() or _again(), from the event
 * loop; "value" with BROUGHT, wiped afterwards, and REFUSED.
 */

typedef void (*ngx_http_zoom_claim_pt)(void *data,
    ngx_http_zoom_claim_e outcome, const ngx_http_zoom_claim_value_t *value);


/*
 * What other hosts have purged and ended, how many hosts there are, some of
 * them by name, and who in a pool is out.
 */

typedef struct {
    ngx_http_zoom_claim_purged_pt  purged;
    void                         (*hosts)(ngx_uint_t n);
    void                         (*roster)(
                                   const ngx_http_zoom_fleet_roster_t *roster);
    ngx_http_zoom_shared_ended_pt  ended;
    ngx_http_zoom_shared_user_pt   user;
} ngx_http_zoom_claim_hears_t;


/*
 * In a worker; "store" may be NULL or of another kind: then there are never
 * claims.  "id" names this host among others, and "hears" is told of these;
 * "held" is how many claims the worker has.  Logs what it meets with.
 */

ngx_int_t ngx_http_zoom_claim_init_process(
    const ngx_http_zoom_store_conf_t *store, const ngx_str_t *id,
    ngx_http_zoom_fleet_t *fleet, ngx_atomic_t *held,
    const ngx_http_zoom_claim_hears_t *hears, ngx_log_t *log);

/* Whether the host ends with this worker, or at the same time. */
void ngx_http_zoom_claim_exit_process(ngx_uint_t last);

/* Whether there is such a store, be it away. */
ngx_uint_t ngx_http_zoom_claim_used(void);

/*
 * Asks for a value of "key" that is younger than "age" seconds, and than the
 * last purge of each of the two "scopes", lengths of the key's beginning, where
 * they are not 0; or else the claim.  The key is copied.  NULL: the store is
 * away, go on alone.
 */

ngx_http_zoom_claim_t *ngx_http_zoom_claim_take(const ngx_str_t *key,
    const uint16_t *scopes, time_t age, ngx_http_zoom_claim_pt handler,
    void *data);

/*
 * From its handler: what was brought won't do, a younger one is wanted.
 * NGX_ERROR: go on alone.
 */

ngx_int_t ngx_http_zoom_claim_again(ngx_http_zoom_claim_t *claim);

/*
 * What came of it, or NULL: nothing that others could use, or need to know.
 * In any state; the claim is gone.
 */

void ngx_http_zoom_claim_land(ngx_http_zoom_claim_t *claim,
    const ngx_http_zoom_claim_value_t *value);


#endif /* _NGX_HTTP_ZOOM_CLAIM_H_INCLUDED_ */
