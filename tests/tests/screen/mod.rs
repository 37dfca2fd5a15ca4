//! An X server with windows of a host, and a program from which files are dragged.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

pub use tonenet_test_support::wait_until;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::*;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// A screen.
pub struct Screen {
    x: RustConnection,
    number: usize,
}

impl Screen {
    /// The one that `DISPLAY` names.
    pub fn new() -> Self {
        let (x, number) = x11rb::connect(None).expect("an X server; `cargo xtask test` starts one");
        Self { x, number }
    }

    fn root(&self) -> &x11rb::protocol::xproto::Screen {
        &self.x.setup().roots[self.number]
    }

    /// A host's window for the plugin's.
    pub fn new_parent(&self) -> u32 {
        let (root, parent) = (self.root(), self.x.generate_id().unwrap());
        let values = CreateWindowAux::new();
        let class = WindowClass::INPUT_OUTPUT;
        self.x.create_window(root.root_depth, parent, root.root, 0, 0, 1200, 900, 0, class, 0, &values).unwrap();
        self.x.map_window(parent).unwrap().check().unwrap();
        parent
    }

    /// The windows inside a window.
    pub fn children(&self, parent: u32) -> Vec<u32> {
        self.x.query_tree(parent).unwrap().reply().unwrap().children
    }

    /// A window's size in pixels.
    pub fn size(&self, window: u32) -> (i32, i32) {
        let size = self.x.get_geometry(window).unwrap().reply().unwrap();
        (size.width.into(), size.height.into())
    }

    /// What a window shows, four bytes a pixel; nothing while it cannot be read.
    pub fn picture(&self, window: u32) -> Vec<u8> {
        let size = self.x.get_geometry(window).unwrap().reply().unwrap();
        let image = self.x.get_image(ImageFormat::Z_PIXMAP, window, 0, 0, size.width, size.height, !0);
        image.unwrap().reply().map(|image| image.data).unwrap_or_default()
    }

    /// How many colours a window shows.
    pub fn colours(&self, window: u32) -> usize {
        self.picture(window).chunks_exact(4).collect::<HashSet<_>>().len()
    }

    /// Whether the last pixels of a window show what the first ones do: its background.
    pub fn is_drawn_up_to_its_corner(&self, window: u32) -> bool {
        let picture = self.picture(window);
        picture.len() > 8 && picture[..3] == picture[picture.len() - 4..picture.len() - 1]
    }
}

/// A program from which a file is dragged to a window, by the protocol XDND.
pub struct DragSource<'a> {
    screen: &'a Screen,
    window: u32,
    target: u32,
    uris: String,
    atoms: Atoms,
    replies: Vec<ClientMessageEvent>,
}

/// What the protocol calls its messages.
struct Atoms {
    enter: Atom,
    position: Atom,
    drop: Atom,
    status: Atom,
    finished: Atom,
    copy: Atom,
    uri_list: Atom,
}

impl<'a> DragSource<'a> {
    /// Takes a file up and enters a window with it.
    pub fn new(screen: &'a Screen, target: u32, file: &Path) -> Self {
        let x = &screen.x;
        let atom = |name: &str| x.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom;
        let atoms = Atoms {
            enter: atom("XdndEnter"),
            position: atom("XdndPosition"),
            drop: atom("XdndDrop"),
            status: atom("XdndStatus"),
            finished: atom("XdndFinished"),
            copy: atom("XdndActionCopy"),
            uri_list: atom("text/uri-list"),
        };
        let window = screen.new_parent();
        x.set_selection_owner(window, atom("XdndSelection"), x11rb::CURRENT_TIME).unwrap();
        let aware = x.get_property(false, target, atom("XdndAware"), AtomEnum::ANY, 0, 1).unwrap().reply().unwrap();
        assert_eq!(aware.value32().and_then(|mut version| version.next()), Some(5), "the window takes drops");
        let uris = format!("file://{}\r\n", file.display().to_string().replace(' ', "%20"));
        let source = Self { screen, window, target, uris, atoms, replies: Vec::new() };
        source.send(source.atoms.enter, [5 << 24, source.atoms.uri_list, 0, 0]);
        source
    }

    fn send(&self, kind: Atom, data: [u32; 4]) {
        let data = [self.window, data[0], data[1], data[2], data[3]];
        let message = ClientMessageEvent::new(32, self.target, kind, data);
        self.screen.x.send_event(false, self.target, EventMask::NO_EVENT, message).unwrap().check().unwrap();
    }

    /// Moves to a place of the window, as a share of its width and height, and waits for the answer.
    pub fn drag_to(&mut self, x: f32, y: f32) {
        let (width, height) = self.screen.size(self.target);
        let (x, y) = ((width as f32 * x) as i16, (height as f32 * y) as i16);
        let root = self.screen.root().root;
        let place = self.screen.x.translate_coordinates(self.target, root, x, y).unwrap().reply().unwrap();
        let place = (place.dst_x as u32) << 16 | place.dst_y as u32;
        self.send(self.atoms.position, [0, place, x11rb::CURRENT_TIME, self.atoms.copy]);
        self.wait_for(self.atoms.status);
    }

    /// Lets go of the file and waits until the window has it.
    pub fn drop(&mut self) {
        self.send(self.atoms.drop, [0, x11rb::CURRENT_TIME, 0, 0]);
        self.wait_for(self.atoms.finished);
    }

    /// Whether the window would take the file.
    pub fn is_accepted(&self) -> bool {
        self.says_yes(self.atoms.status)
    }

    /// Whether the window has taken the file.
    pub fn is_finished(&self) -> bool {
        self.says_yes(self.atoms.finished)
    }

    fn says_yes(&self, kind: Atom) -> bool {
        let reply = self.replies.iter().rev().find(|reply| reply.type_ == kind);
        reply.is_some_and(|reply| reply.data.as_data32()[1] & 1 == 1)
    }

    /// Hands the file's address over when the window asks for it, until it answers.
    fn wait_for(&mut self, kind: Atom) {
        let x = &self.screen.x;
        let since = Instant::now();
        loop {
            assert!(since.elapsed() < Duration::from_secs(60), "the window does not answer within a minute");
            match x.poll_for_event().unwrap() {
                Some(Event::SelectionRequest(request)) => {
                    let text = self.uris.as_bytes();
                    x.change_property8(PropMode::REPLACE, request.requestor, request.property, request.target, text)
                        .unwrap();
                    let told = SelectionNotifyEvent {
                        response_type: SELECTION_NOTIFY_EVENT,
                        sequence: 0,
                        time: request.time,
                        requestor: request.requestor,
                        selection: request.selection,
                        target: request.target,
                        property: request.property,
                    };
                    x.send_event(false, request.requestor, EventMask::NO_EVENT, told).unwrap().check().unwrap();
                }
                Some(Event::ClientMessage(message)) => {
                    self.replies.push(message);
                    if message.type_ == kind {
                        return;
                    }
                }
                Some(_) => {}
                None => std::thread::yield_now(),
            }
        }
    }
}
