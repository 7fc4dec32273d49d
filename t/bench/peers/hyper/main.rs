// The service on Rust's hyper and tokio, one flight for all who want the same.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac};
use hyper::client::HttpConnector;
use hyper::server::conn::AddrStream;
use hyper::service::{make_service_fn, service_fn};
use hyper::{Body, Client, Method, Request, Response, Server};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use serde_json::Value;
use sha2::Sha256;

type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Service {
    conf: Value,
    key: Hmac<Sha256>,
    oauth_url: String,
    api_url: String,
    client: Client<HttpsConnector<HttpConnector>>,
    kept: RwLock<HashMap<String, (Arc<str>, Instant)>>,
    flights: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    log: Mutex<BufWriter<File>>,
}

fn text<'a>(v: &'a Value, name: &str) -> &'a str {
    v[name].as_str().unwrap_or("")
}

// rustls 0.20 verifies no addresses.
fn by_name(url: &str) -> String {
    url.replace("127.0.0.1", "localhost")
}

fn escape(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 8);

    for b in s.bytes() {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(b as char)
            }
            _ => out.push_str(&format!("%{:02X}", b)),
        }
    }

    out
}

impl Service {
    async fn exchange(&self, req: Request<Body>) -> Result<Value, Failure> {
        let res = tokio::time::timeout(Duration::from_secs(5), async {
            let res = self.client.request(req).await?;

            if res.status() != 200 {
                return Err(format!("Zoom said {}", res.status()).into());
            }

            Ok::<_, Failure>(hyper::body::to_bytes(res.into_body()).await?)
        });

        Ok(serde_json::from_slice(&res.await??)?)
    }

    fn known(&self, name: &str) -> Option<Arc<str>> {
        let kept = self.kept.read().unwrap();

        match kept.get(name) {
            Some((value, until)) if Instant::now() < *until => Some(value.clone()),
            _ => None,
        }
    }

    fn keep(&self, name: &str, value: &str, life: u64) -> Arc<str> {
        let value: Arc<str> = value.into();
        let until = Instant::now() + Duration::from_secs(life);

        self.kept
            .write()
            .unwrap()
            .insert(name.to_string(), (value.clone(), until));
        value
    }

    fn flight(&self, name: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut flights = self.flights.lock().unwrap();

        flights.entry(name.to_string()).or_default().clone()
    }

    async fn access(&self) -> Result<Arc<str>, Failure> {
        if let Some(value) = self.known("") {
            return Ok(value);
        }

        let flight = self.flight("");
        let _guard = flight.lock().await;

        if let Some(value) = self.known("") {
            return Ok(value);
        }

        let basic = base64::encode(format!(
            "{}:{}",
            text(&self.conf, "client_id"),
            text(&self.conf, "client_secret")
        ));
        let said = self
            .exchange(
                Request::builder()
                    .method(Method::POST)
                    .uri(&self.oauth_url)
                    .header("Authorization", format!("Basic {}", basic))
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .body(Body::from(format!(
                        "grant_type=account_credentials&account_id={}",
                        escape(text(&self.conf, "account_id"))
                    )))?,
            )
            .await?;
        let life = said["expires_in"].as_u64().ok_or("no expires_in")? - 60;

        Ok(self.keep("", text(&said, "access_token"), life))
    }

    async fn zak(&self, user: &str) -> Result<Arc<str>, Failure> {
        if let Some(value) = self.known(user) {
            return Ok(value);
        }

        let flight = self.flight(user);
        let _guard = flight.lock().await;

        if let Some(value) = self.known(user) {
            return Ok(value);
        }

        let bearer = self.access().await?;
        let said = self
            .exchange(
                Request::builder()
                    .uri(format!(
                        "{}/users/{}/token?type=zak&ttl=7200",
                        self.api_url,
                        escape(user)
                    ))
                    .header("Authorization", format!("Bearer {}", bearer))
                    .body(Body::empty())?,
            )
            .await?;

        Ok(self.keep(
            user,
            said["token"].as_str().ok_or("no token")?,
            self.conf["reuse"].as_u64().unwrap_or(0),
        ))
    }

    // Maps are kept and written with sorted keys.
    fn holds(&self, body: &Value, signature: Option<&[u8]>) -> bool {
        let theirs = match signature.map(base64::decode) {
            Some(Ok(theirs)) => theirs,
            _ => return false,
        };
        let mut mac = self.key.clone();

        mac.update(&serde_json::to_vec(body).unwrap());
        mac.verify_slice(&theirs).is_ok()
    }

    async fn answer(&self, raw: &[u8], signature: Option<&[u8]>) -> (u16, Value) {
        let body: Value = match serde_json::from_slice(raw) {
            Ok(body) => body,
            Err(_) => return (400, serde_json::json!({"error": "bad_callback"})),
        };

        if !self.holds(&body, signature) {
            return (401, serde_json::json!({"error": "unauthenticated"}));
        }

        if body["callback_type"] != "zoom_tokens" {
            return (400, serde_json::json!({"error": "bad_callback"}));
        }

        let user = match self.conf["each"].as_u64() {
            Some(_) => text(&body["bot_metadata"], "user"),
            None => text(&self.conf, "user"),
        };

        match self.zak(user).await {
            Ok(token) => (200, serde_json::json!({"zak_token": &*token})),
            Err(_) => (503, serde_json::json!({"error": "zoom_unavailable"})),
        }
    }

    async fn serve(
        &self,
        req: Request<Body>,
        from: SocketAddr,
    ) -> Result<Response<Body>, hyper::Error> {
        let (head, body) = req.into_parts();
        let raw = hyper::body::to_bytes(body).await?;
        let signature = head.headers.get("x-webhook-signature");
        let (status, said) = self.answer(&raw, signature.map(|s| s.as_bytes())).await;
        let out = serde_json::to_vec(&said).unwrap();
        let agent = head.headers.get("user-agent");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();

        writeln!(
            self.log.lock().unwrap(),
            "{} - - [{}] \"{} {} {:?}\" {} {} \"-\" \"{}\"",
            from,
            now.as_secs(),
            head.method,
            head.uri,
            head.version,
            status,
            out.len(),
            agent.and_then(|a| a.to_str().ok()).unwrap_or("-")
        )
        .ok();

        Ok(Response::builder()
            .status(status)
            .header("Content-Type", "application/json")
            .header("Cache-Control", "no-store")
            .body(Body::from(out))
            .unwrap())
    }
}

fn client(ca: &str) -> Result<Client<HttpsConnector<HttpConnector>>, Failure> {
    let mut roots = rustls::RootCertStore::empty();

    for cert in rustls_pemfile::certs(&mut BufReader::new(File::open(ca)?))? {
        roots.add(&rustls::Certificate(cert))?;
    }

    let tls = rustls::ClientConfig::builder()
        .with_safe_defaults()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut tcp = HttpConnector::new();

    tcp.enforce_http(false);
    tcp.set_nodelay(true);

    let https = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_only()
        .enable_http1()
        .wrap_connector(tcp);

    Ok(Client::builder().pool_max_idle_per_host(64).build(https))
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let path = std::env::args().nth(1).ok_or("no configuration")?;
    let conf: Value = serde_json::from_reader(File::open(path)?)?;
    let key = base64::decode(text(&conf, "attendee_secret"))?;
    let port = conf["port"].as_u64().ok_or("no port")? as u16;
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(text(&conf, "log"))?;

    let service = Arc::new(Service {
        key: Hmac::new_from_slice(&key)?,
        oauth_url: by_name(text(&conf, "oauth_url")),
        api_url: by_name(text(&conf, "api_url")),
        client: client(text(&conf, "ca"))?,
        kept: RwLock::new(HashMap::new()),
        flights: Mutex::new(HashMap::new()),
        log: Mutex::new(BufWriter::with_capacity(65536, log)),
        conf,
    });

    let make = make_service_fn(move |connection: &AddrStream| {
        let service = service.clone();
        let from = connection.remote_addr();

        async move {
            Ok::<_, hyper::Error>(service_fn(move |req| {
                let service = service.clone();

                async move { service.serve(req, from).await }
            }))
        }
    });

    Server::bind(&([127, 0, 0, 1], port).into())
        .tcp_nodelay(true)
        .serve(make)
        .await?;

    Ok(())
}
