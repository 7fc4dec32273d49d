#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_claim.h"
#include "ngx_http_zoom_store_conf.h"

#if (NGX_HTTP_ZOOM_HIREDIS)

#include <openssl/evp.h>

#include "ngx_http_zoom_claim_scripts.h"
#include "ngx_http_zoom_claim_seal.h"
#include "ngx_http_zoom_missed.h"
#include "ngx_http_zoom_redis.h"
#include "ngx_http_zoom_redis_hosts.h"
#include "ngx_http_zoom_timer.h"
#include "zoom_log_once.h"
#include "zoom_seal.h"


/* milliseconds */

#define NGX_HTTP_ZOOM_CLAIM_TIME     2000
#define NGX_HTTP_ZOOM_CLAIM_RENEW    600
#define NGX_HTTP_ZOOM_CLAIM_POLL     250
#define NGX_HTTP_ZOOM_CLAIM_BEGINS   5
#define NGX_HTTP_ZOOM_CLAIM_TICK     50

/* seconds, of a value whatever its own life */

#define NGX_HTTP_ZOOM_CLAIM_LIFE     86400

#define NGX_HTTP_ZOOM_CLAIM_REFUSED_MAX  60000
#define NGX_HTTP_ZOOM_CLAIM_BUCKETS  256
#define NGX_HTTP_ZOOM_CLAIM_DIGEST   32          /* hexadecimal digits */
#define NGX_HTTP_ZOOM_CLAIM_NAME     128
#define NGX_HTTP_ZOOM_CLAIM_FENCE    24
#define NGX_HTTP_ZOOM_CLAIM_NUMBER   (NGX_INT64_LEN + 1)


typedef enum {
    NGX_HTTP_ZOOM_CLAIM_ASKING = 0,
    NGX_HTTP_ZOOM_CLAIM_WAITING,     /* for another host, or worker */
    NGX_HTTP_ZOOM_CLAIM_OWNED,
    NGX_HTTP_ZOOM_CLAIM_DONE
} ngx_http_zoom_claim_state_e;


struct ngx_http_zoom_claim_s {
    ngx_queue_t                  queue;      /* in its bucket */
    ngx_http_zoom_claim_state_e  state;
    ngx_http_zoom_claim_pt       handler;
    void                        *data;
    ngx_http_zoom_redis_call_t  *call;
    ngx_event_t                  timer;      /* looks again, or renews */
    ngx_msec_t                   since;      /* it is to be minted, on
                                                ngx_current_msec's clock */
    ngx_msec_t                   began;      /* to wait: what came after it
                                                will do as well */
    ngx_msec_t                   age;        /* of what was brought */
    ngx_str_t                    name;       /* what its value is sealed under:
                                                "token" and the key */
    ngx_str_t                    keys[5];    /* value, claim, who waits, and
                                                marks of purges */
    ngx_uint_t                   nkeys;
    u_char                       digest[NGX_HTTP_ZOOM_CLAIM_DIGEST + 1];
    u_char                       fence[NGX_HTTP_ZOOM_CLAIM_FENCE + 1];
    size_t                       fence_len;
    unsigned                     waited:1;
    unsigned                     news:1;     /* came while it asked */
};


static ngx_uint_t ngx_http_zoom_claim_begins(ngx_http_zoom_claim_t *claim);
static ngx_http_zoom_claim_t *ngx_http_zoom_claim_create(
    const ngx_str_t *key, const uint16_t *scopes);
static ngx_int_t ngx_http_zoom_claim_keys(ngx_http_zoom_claim_t *claim,
    u_char *p, const ngx_str_t *key, const uint16_t *scopes);
static ngx_int_t ngx_http_zoom_claim_digest(ngx_http_zoom_claim_t *claim);
static ngx_int_t ngx_http_zoom_claim_ask(ngx_http_zoom_claim_t *claim);
static void ngx_http_zoom_claim_asked(void *data, const redisReply *reply);
static void ngx_http_zoom_claim_wait(ngx_http_zoom_claim_t *claim);
static void ngx_http_zoom_claim_own(ngx_http_zoom_claim_t *claim,
    const redisReply *fence);
static void ngx_http_zoom_claim_brought(ngx_http_zoom_claim_t *claim,
    const redisReply *sealed, int64_t age);
static void ngx_http_zoom_claim_refused(ngx_http_zoom_claim_t *claim,
    const redisReply *why, int64_t left);
static void ngx_http_zoom_claim_sealed_otherwise(
    ngx_http_zoom_claim_t *claim);
static void ngx_http_zoom_claim_alone(ngx_http_zoom_claim_t *claim);
static void ngx_http_zoom_claim_timer(ngx_event_t *ev);
static void ngx_http_zoom_claim_renew(ngx_http_zoom_claim_t *claim);
static void ngx_http_zoom_claim_hosts(ngx_uint_t n);
static void ngx_http_zoom_claim_missed(const ngx_str_t *text, int64_t age);
static void ngx_http_zoom_claim_news(const ngx_str_t *text);
static void ngx_http_zoom_claim_publish(ngx_http_zoom_claim_t *claim,
    const ngx_http_zoom_claim_value_t *value);
static ngx_str_t ngx_http_zoom_claim_number(u_char *buf, int64_t n);


static ngx_queue_t             ngx_http_zoom_claims[
                                                NGX_HTTP_ZOOM_CLAIM_BUCKETS];
static const zoom_seal_t      *ngx_http_zoom_claim_sealing;
static ngx_http_zoom_fleet_t  *ngx_http_zoom_claim_fleet;
static ngx_atomic_t           *ngx_http_zoom_claim_held;
static ngx_log_t              *ngx_http_zoom_claim_log;
static void                  (*ngx_http_zoom_claim_counted)(ngx_uint_t n);
static ngx_str_t               ngx_http_zoom_claim_owner;
static zoom_log_once_t         ngx_http_zoom_claim_said;


ngx_int_t
ngx_http_zoom_claim_init_process(const ngx_http_zoom_store_conf_t *store,
    const ngx_str_t *id, ngx_http_zoom_fleet_t *fleet, ngx_atomic_t *held,
    const ngx_http_zoom_claim_hears_t *hears, ngx_log_t *log)
{
    u_char                       *p;
    ngx_uint_t                    i;
    ngx_http_zoom_redis_hears_t   redis;

    if (store == NULL || store->redis == NULL) {
        return NGX_OK;
    }

    p = ngx_pnalloc(ngx_cycle->pool, id->len + 1 + NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < NGX_HTTP_ZOOM_CLAIM_BUCKETS; i++) {
        ngx_queue_init(&ngx_http_zoom_claims[i]);
    }

    ngx_http_zoom_claim_owner.data = p;
    ngx_http_zoom_claim_owner.len = ngx_sprintf(p, "%V.%P", id, ngx_pid) - p;

    ngx_http_zoom_claim_sealing = store->sealing;
    ngx_http_zoom_claim_fleet = fleet;
    ngx_http_zoom_claim_log = log;
    ngx_http_zoom_claim_held = held;
    ngx_http_zoom_claim_counted = hears->hosts;

    ngx_http_zoom_claim_purge_init(store->sealing, hears->purged);
    ngx_http_zoom_shared_lease_init(store->sealing, hears->ended, log);
    ngx_http_zoom_shared_user_init(store->sealing, hears->user);
    ngx_http_zoom_missed_init(fleet, ngx_http_zoom_claim_missed);

    redis.news = ngx_http_zoom_claim_news;
    redis.hosts = ngx_http_zoom_claim_hosts;
    redis.roster = hears->roster;

    return ngx_http_zoom_redis_init_process(store->redis, id, fleet, &redis,
                                            log);
}


void
ngx_http_zoom_claim_exit_process(ngx_uint_t last)
{
    if (ngx_http_zoom_claim_fleet) {
        ngx_http_zoom_redis_exit_process(last);
        ngx_http_zoom_claim_fleet = NULL;
    }
}


ngx_uint_t
ngx_http_zoom_claim_used(void)
{
    return ngx_http_zoom_claim_fleet != NULL;
}


ngx_http_zoom_claim_t *
ngx_http_zoom_claim_take(const ngx_str_t *key, const uint16_t *scopes,
    time_t age, ngx_http_zoom_claim_pt handler, void *data)
{
    ngx_http_zoom_claim_t  *claim;

    claim = ngx_http_zoom_claim_create(key, scopes);

    if (claim) {
        claim->handler = handler;
        claim->data = data;
        claim->since = ngx_current_msec - (ngx_msec_int_t) age * 1000;

        if (ngx_http_zoom_claim_ask(claim) == NGX_OK
            || ngx_http_zoom_claim_begins(claim))
        {
            return claim;
        }

        ngx_queue_remove(&claim->queue);
        ngx_free(claim);
    }

    ngx_http_zoom_count_fleet(ngx_http_zoom_claim_fleet->alone);

    return NULL;
}


/* For no longer than the timeout: by then the store is there, or away. */

static ngx_uint_t
ngx_http_zoom_claim_begins(ngx_http_zoom_claim_t *claim)
{
    if (!ngx_http_zoom_redis_begins()) {
        return 0;
    }

    claim->state = NGX_HTTP_ZOOM_CLAIM_WAITING;

    ngx_add_timer(&claim->timer, NGX_HTTP_ZOOM_CLAIM_BEGINS);

    return 1;
}


static ngx_http_zoom_claim_t *
ngx_http_zoom_claim_create(const ngx_str_t *key, const uint16_t *scopes)
{
    u_char                 *p;
    ngx_http_zoom_claim_t  *claim;

    claim = ngx_calloc(sizeof(ngx_http_zoom_claim_t)
                       + sizeof("token") + key->len
                       + 5 * NGX_HTTP_ZOOM_CLAIM_NAME,
                       ngx_http_zoom_claim_log);
    if (claim == NULL) {
        return NULL;
    }

    p = (u_char *) claim + sizeof(ngx_http_zoom_claim_t);

    claim->name.data = p;
    claim->name.len = sizeof("token") + key->len;

    p = ngx_cpymem(p, "token", sizeof("token"));
    p = ngx_cpymem(p, key->data, key->len);

    if (ngx_http_zoom_claim_digest(claim) != NGX_OK) {
        ngx_free(claim);
        return NULL;
    }

    ngx_http_zoom_timer_init(&claim->timer, ngx_http_zoom_claim_timer,
                             ngx_http_zoom_claim_log);

    if (ngx_http_zoom_claim_keys(claim, p, key, scopes) != NGX_OK) {
        ngx_queue_remove(&claim->queue);
        ngx_free(claim);
        return NULL;
    }

    return claim;
}


/* How the store calls them; "p" has room. */

static ngx_int_t
ngx_http_zoom_claim_keys(ngx_http_zoom_claim_t *claim, u_char *p,
    const ngx_str_t *key, const uint16_t *scopes)
{
    u_char      *last;
    ngx_uint_t   i;
    ngx_str_t   *name;

    static const char *const  kinds[] = { "token", "claim", "waits" };

    for (i = 0; i < 5; i++) {
        last = p + NGX_HTTP_ZOOM_CLAIM_NAME;
        name = &claim->keys[claim->nkeys];
        name->data = p;

        if (i < 3) {
            p = ngx_slprintf(p, last, "%V:%s:%s", ngx_http_zoom_redis_prefix(),
                             kinds[i], claim->digest);

        } else if (scopes[i - 3] == 0) {
            continue;

        } else {
            p = ngx_http_zoom_claim_purge_mark(p, last, key->data,
                                               scopes[i - 3]);
            if (p == NULL) {
                return NGX_ERROR;
            }
        }

        name->len = p - name->data;
        claim->nkeys++;
    }

    return NGX_OK;
}


/* No user's name is to be read in the store. */

static ngx_int_t
ngx_http_zoom_claim_digest(ngx_http_zoom_claim_t *claim)
{
    unsigned int  len;
    u_char        md[EVP_MAX_MD_SIZE];

    if (EVP_Digest(claim->name.data, claim->name.len, md, &len, EVP_sha256(),
                   NULL)
        != 1)
    {
        return NGX_ERROR;
    }

    ngx_hex_dump(claim->digest, md, NGX_HTTP_ZOOM_CLAIM_DIGEST / 2);

    ngx_queue_insert_tail(&ngx_http_zoom_claims[md[0]], &claim->queue);

    return NGX_OK;
}


/* The two clocks, of ours and of the store's, don't tick together. */

ngx_int_t
ngx_http_zoom_claim_again(ngx_http_zoom_claim_t *claim)
{
    claim->since = ngx_current_msec - claim->age + NGX_HTTP_ZOOM_CLAIM_TICK;
    claim->began = claim->since;

    return ngx_http_zoom_claim_ask(claim);
}


static ngx_int_t
ngx_http_zoom_claim_ask(ngx_http_zoom_claim_t *claim)
{
    u_char     ms[NGX_HTTP_ZOOM_CLAIM_NUMBER],
               age[NGX_HTTP_ZOOM_CLAIM_NUMBER];
    ngx_str_t  args[8], *arg;

    ngx_msec_int_t  limit;

    limit = ngx_current_msec - claim->since;

    if (claim->waited) {
        limit = ngx_max(limit,
                        (ngx_msec_int_t) (ngx_current_msec - claim->began));
    }

    ngx_memcpy(args, claim->keys, claim->nkeys * sizeof(ngx_str_t));

    arg = &args[claim->nkeys];

    arg[0] = ngx_http_zoom_claim_owner;
    arg[1] = ngx_http_zoom_claim_number(ms, NGX_HTTP_ZOOM_CLAIM_TIME);
    arg[2] = ngx_http_zoom_claim_number(age, limit);

    claim->state = NGX_HTTP_ZOOM_CLAIM_ASKING;
    claim->news = 0;

    claim->call = ngx_http_zoom_redis_run(&ngx_http_zoom_claim_take_script,
                                          claim->nkeys, args,
                                          claim->nkeys + 3,
                                          ngx_http_zoom_claim_asked, claim);

    return claim->call ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_zoom_claim_asked(void *data, const redisReply *reply)
{
    ngx_http_zoom_claim_t  *claim = data;

    claim->call = NULL;

    if (ngx_http_zoom_redis_ends()) {
        return;
    }

    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY
        || reply->elements == 0
        || reply->element[0]->type != REDIS_REPLY_INTEGER)
    {
        ngx_http_zoom_claim_alone(claim);
        return;
    }

    if (reply->elements == 1) {
        ngx_http_zoom_claim_wait(claim);
        return;
    }

    if (reply->element[1]->type != REDIS_REPLY_STRING) {
        ngx_http_zoom_claim_alone(claim);
        return;
    }

    if (reply->elements == 2) {
        ngx_http_zoom_claim_own(claim, reply->element[1]);
        return;
    }

    if (reply->element[0]->integer == 3) {
        ngx_http_zoom_claim_refused(claim, reply->element[1],
                                    reply->element[2]->integer);
        return;
    }

    ngx_http_zoom_claim_brought(claim, reply->element[1],
                                reply->element[2]->integer);
}


static void
ngx_http_zoom_claim_wait(ngx_http_zoom_claim_t *claim)
{
    ngx_msec_t  poll;

    if (!claim->waited) {
        claim->waited = 1;
        claim->began = ngx_current_msec;
        ngx_http_zoom_count_fleet(ngx_http_zoom_claim_fleet->waits);
    }

    claim->state = NGX_HTTP_ZOOM_CLAIM_WAITING;

    /* news comes sooner; when it was faster than this answer, it has come */

    poll = NGX_HTTP_ZOOM_CLAIM_POLL / 2
           + ngx_random() % NGX_HTTP_ZOOM_CLAIM_POLL;

    ngx_add_timer(&claim->timer, claim->news ? 1 : poll);
}


static void
ngx_http_zoom_claim_own(ngx_http_zoom_claim_t *claim, const redisReply *fence)
{
    ngx_http_zoom_count_fleet(ngx_http_zoom_claim_fleet->claims);

    (*ngx_http_zoom_claim_held)++;

    claim->state = NGX_HTTP_ZOOM_CLAIM_OWNED;
    claim->fence_len = ngx_min(fence->len, NGX_HTTP_ZOOM_CLAIM_FENCE);
    ngx_memcpy(claim->fence, fence->str, claim->fence_len);

    ngx_add_timer(&claim->timer, NGX_HTTP_ZOOM_CLAIM_RENEW);

    claim->handler(claim->data, NGX_HTTP_ZOOM_CLAIM_OURS, NULL);
}


static void
ngx_http_zoom_claim_brought(ngx_http_zoom_claim_t *claim,
    const redisReply *sealed, int64_t age)
{
    ngx_str_t                    text;
    ngx_http_zoom_claim_value_t  value;

    text.data = (u_char *) sealed->str;
    text.len = sealed->len;

    if (ngx_http_zoom_claim_open(ngx_http_zoom_claim_sealing, &claim->name,
                                 &text, age, &value)
        != NGX_OK)
    {
        ngx_http_zoom_claim_sealed_otherwise(claim);
        return;
    }

    claim->age = age;
    claim->state = NGX_HTTP_ZOOM_CLAIM_DONE;
    claim->handler(claim->data, NGX_HTTP_ZOOM_CLAIM_BROUGHT, &value);

    ngx_explicit_memzero(value.token.data, value.token.len);
}


static void
ngx_http_zoom_claim_refused(ngx_http_zoom_claim_t *claim,
    const redisReply *why, int64_t left)
{
    ngx_http_zoom_claim_value_t  value;

    ngx_memzero(&value, sizeof(ngx_http_zoom_claim_value_t));

    value.refusal.data = (u_char *) why->str;
    value.refusal.len = why->len;
    value.left = (ngx_msec_t) ngx_min(ngx_max(left, 1),
                                      NGX_HTTP_ZOOM_CLAIM_REFUSED_MAX);

    claim->state = NGX_HTTP_ZOOM_CLAIM_DONE;
    claim->handler(claim->data, NGX_HTTP_ZOOM_CLAIM_REFUSED, &value);
}


/* It is as good as none, and will be replaced. */

static void
ngx_http_zoom_claim_sealed_otherwise(ngx_http_zoom_claim_t *claim)
{
    ngx_http_zoom_count_fleet(ngx_http_zoom_claim_fleet->unopened);
    ngx_http_zoom_claim_fleet->puzzled = ngx_time();

    if (zoom_log_once(&ngx_http_zoom_claim_said, ngx_time())) {
        ngx_log_error(NGX_LOG_ERR, ngx_http_zoom_claim_log, 0,
                      "zoom: the store has a token that none of the keys "
                      "opens: give all hosts the same \"key=\" of "
                      "\"zoom_store\", or each fleet a \"prefix=\" of its "
                      "own");
    }

    claim->since = ngx_current_msec;

    if (ngx_http_zoom_claim_ask(claim) != NGX_OK) {
        ngx_http_zoom_claim_alone(claim);
    }
}


static void
ngx_http_zoom_claim_alone(ngx_http_zoom_claim_t *claim)
{
    ngx_http_zoom_count_fleet(ngx_http_zoom_claim_fleet->alone);

    claim->state = NGX_HTTP_ZOOM_CLAIM_DONE;

    claim->handler(claim->data, NGX_HTTP_ZOOM_CLAIM_ALONE, NULL);
}


static void
ngx_http_zoom_claim_timer(ngx_event_t *ev)
{
    ngx_http_zoom_claim_t  *claim;

    claim = ngx_http_zoom_timer_object(ev, ngx_http_zoom_claim_t, timer);

    if (claim->state == NGX_HTTP_ZOOM_CLAIM_OWNED) {
        ngx_http_zoom_claim_renew(claim);
        return;
    }

    if (claim->state == NGX_HTTP_ZOOM_CLAIM_WAITING
        && ngx_http_zoom_claim_ask(claim) != NGX_OK
        && !ngx_http_zoom_claim_begins(claim))
    {
        ngx_http_zoom_claim_alone(claim);
    }
}


/* If it was lost, what it brings still counts unless others were faster. */

static void
ngx_http_zoom_claim_renew(ngx_http_zoom_claim_t *claim)
{
    u_char     ms[NGX_HTTP_ZOOM_CLAIM_NUMBER],
               mark[NGX_HTTP_ZOOM_CLAIM_NAME];
    ngx_str_t  args[3];

    args[0] = claim->keys[1];
    args[1].data = mark;
    args[1].len = ngx_slprintf(mark, mark + sizeof(mark), "%*s %V",
                               claim->fence_len, claim->fence,
                               &ngx_http_zoom_claim_owner)
                  - mark;
    args[2] = ngx_http_zoom_claim_number(ms, NGX_HTTP_ZOOM_CLAIM_TIME);

    (void) ngx_http_zoom_redis_run(&ngx_http_zoom_claim_renew_script, 1, args,
                                   3, NULL, NULL);

    ngx_add_timer(&claim->timer, NGX_HTTP_ZOOM_CLAIM_RENEW);
}


/* Each second, and when the store is there, or can be heard. */

static void
ngx_http_zoom_claim_hosts(ngx_uint_t n)
{
    ngx_http_zoom_claim_counted(n);
    ngx_http_zoom_missed_look();
}


static void
ngx_http_zoom_claim_missed(const ngx_str_t *text, int64_t age)
{
    if (!ngx_http_zoom_claim_purge_news(text, age)) {
        (void) ngx_http_zoom_shared_user_news(text, age);
    }
}


/* A digest: something has become of that claim. */

static void
ngx_http_zoom_claim_news(const ngx_str_t *text)
{
    ngx_int_t               n;
    ngx_queue_t            *q, *bucket;
    ngx_http_zoom_claim_t  *claim;

    if (ngx_http_zoom_shared_user_news(text, 0)) {
        ngx_http_zoom_missed_heard();
        return;
    }

    if (ngx_http_zoom_claim_purge_news(text, 0)
        || ngx_http_zoom_shared_lease_news(text)
        || text->len != NGX_HTTP_ZOOM_CLAIM_DIGEST)
    {
        return;
    }

    n = ngx_hextoi(text->data, 2);
    if (n == NGX_ERROR) {
        return;
    }

    bucket = &ngx_http_zoom_claims[n];

    for (q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket);
         q = ngx_queue_next(q))
    {
        claim = ngx_queue_data(q, ngx_http_zoom_claim_t, queue);

        if (ngx_memcmp(claim->digest, text->data, text->len) != 0) {
            continue;
        }

        claim->news = 1;

        if (claim->state == NGX_HTTP_ZOOM_CLAIM_WAITING) {
            ngx_http_zoom_timer_stop(&claim->timer);
            ngx_post_event(&claim->timer, &ngx_posted_events);
        }
    }
}


void
ngx_http_zoom_claim_land(ngx_http_zoom_claim_t *claim,
    const ngx_http_zoom_claim_value_t *value)
{
    if (claim->call) {
        ngx_http_zoom_redis_leave(claim->call);
    }

    if (claim->state == NGX_HTTP_ZOOM_CLAIM_OWNED) {
        ngx_http_zoom_claim_publish(claim, value);
        (*ngx_http_zoom_claim_held)--;
    }

    ngx_http_zoom_timer_stop(&claim->timer);
    ngx_queue_remove(&claim->queue);
    ngx_free(claim);
}


static void
ngx_http_zoom_claim_publish(ngx_http_zoom_claim_t *claim,
    const ngx_http_zoom_claim_value_t *value)
{
    int64_t     old;
    time_t      life, now;
    u_char      age[NGX_HTTP_ZOOM_CLAIM_NUMBER],
                ms[NGX_HTTP_ZOOM_CLAIM_NUMBER],
                mark[NGX_HTTP_ZOOM_CLAIM_NAME];
    ngx_str_t   args[13], sealed, *arg;

    ngx_memcpy(args, claim->keys, claim->nkeys * sizeof(ngx_str_t));

    arg = &args[claim->nkeys];

    arg[0].data = mark;
    arg[0].len = ngx_slprintf(mark, mark + sizeof(mark), "%*s %V",
                               claim->fence_len, claim->fence,
                               &ngx_http_zoom_claim_owner)
                  - mark;
    arg[1].data = claim->fence;
    arg[1].len = claim->fence_len;
    arg[2] = *ngx_http_zoom_redis_channel();
    arg[3].data = claim->digest;
    arg[3].len = NGX_HTTP_ZOOM_CLAIM_DIGEST;

    now = ngx_time();

    life = 0;
    old = 0;

    if (value && value->token.len) {
        life = ngx_min(value->expires - now, NGX_HTTP_ZOOM_CLAIM_LIFE);
        old = (int64_t) (now - value->minted) * 1000;
    }

    ngx_str_null(&sealed);

    if (life > 0
        && ngx_http_zoom_claim_seal(ngx_http_zoom_claim_sealing, &claim->name,
                                    value, &sealed)
           != NGX_OK)
    {
        life = 0;
    }

    arg[4] = ngx_http_zoom_claim_number(age, (life > 0) ? old : 0);
    arg[5] = ngx_http_zoom_claim_number(ms, (int64_t) life * 1000);
    arg[6] = sealed;
    ngx_str_null(&arg[7]);

    if (value && value->refusal.len) {
        arg[5] = ngx_http_zoom_claim_number(ms, (int64_t) value->left);
        arg[7] = value->refusal;
    }

    (void) ngx_http_zoom_redis_run(&ngx_http_zoom_claim_land_script,
                                   claim->nkeys, args, claim->nkeys + 8, NULL,
                                   NULL);
}


static ngx_str_t
ngx_http_zoom_claim_number(u_char *buf, int64_t n)
{
    ngx_str_t  s;

    s.data = buf;
    s.len = ngx_sprintf(buf, "%L", n) - buf;

    return s;
}

#else /* "nginx -t" has refused a zoom_store in Redis */

ngx_int_t
ngx_http_zoom_claim_init_process(const ngx_http_zoom_store_conf_t *store,
    const ngx_str_t *id, ngx_http_zoom_fleet_t *fleet, ngx_atomic_t *held,
    const ngx_http_zoom_claim_hears_t *hears, ngx_log_t *log)
{
    return NGX_OK;
}


void
ngx_http_zoom_claim_exit_process(ngx_uint_t last)
{
}


ngx_uint_t
ngx_http_zoom_claim_used(void)
{
    return 0;
}


ngx_http_zoom_claim_t *
ngx_http_zoom_claim_take(const ngx_str_t *key, const uint16_t *scopes,
    time_t age, ngx_http_zoom_claim_pt handler, void *data)
{
    return NULL;
}


ngx_int_t
ngx_http_zoom_claim_again(ngx_http_zoom_claim_t *claim)
{
    return NGX_ERROR;
}


void
ngx_http_zoom_claim_land(ngx_http_zoom_claim_t *claim,
    const ngx_http_zoom_claim_value_t *value)
{
}

#endif
