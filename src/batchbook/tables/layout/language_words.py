"""Words of many languages, as product lists have them: from these it is known which letters usually stand together."""

from __future__ import annotations

#: By language: words, in lower case.
WORDS: dict[str, str] = {
    "German": "für über käse gemüse süß süße müsli öl brötchen würstchen frühstück größe stück hähnchen hühner rüben äpfel"
    " birnen nüsse haselnüsse mandeln kräuter tüte päckchen flüssig milchprodukte schwäbisch spätzle knödel klöße weiß"
    " weißbier straße groß maß spieß grüne bohnen möhren kürbis pfirsich blätterteig geräuchert gewürz gewürze körner"
    " vollkornbrötchen mühle bäckerei getränke säfte soße fleischklößchen königsberger österreich münchen küche kühl"
    " tiefgekühlt hülse schlüssel schläuche rohr gehäuse prüfgerät zubehör stärke bürste tücher büro drähte schränke",
    "French": "pâte pâtes thé café crème brûlée gâteau gâteaux pêche pêches épinards épices œufs œuf bœuf bœuf sœur à où là"
    " déjà été forêt fenêtre hôtel côté côtes huître façon français française garçon reçu leçon noël naïf maïs poêle"
    " poêlée crêpe crêpes pâté jambon cuit fumé salé sucré légumes légume entrée purée poulet rôti rôtis mélange santé"
    " qualité unité boîte boîtes câble fumée fraîche fraîches fraîcheur pièce pièces élevé léger légère élément",
    "Spanish": "niño niña año años jamón jabón limón melón atún pimentón azúcar café té plátano plátanos piña piñas leña"
    " español española cañón cuña paño montaña castaña señor mañana pequeño pequeña tamaño tacón cartón ración camarón"
    " salchichón turrón champiñón champiñones maíz raíz sartén almacén también jalapeño aceitunas estación unidad electrónica"
    " artículo código teléfono número línea plástico básico orgánica clásico pañales lápiz baño caña",
    "Portuguese": "pão pães maçã maçãs limão feijão feijões mamão melão açúcar café chá água pêssego pêssegos lã não são mãe"
    " coração coleção sabão salmão camarão camarões atenção peça peças caça doçura cabeça preço preços você avó avô três"
    " português pimentão macarrão algodão botão botões irmão edição ração açafrão órgão álcool código frango à óleo",
    "Italian": "caffè tè perché più città università qualità quantità però è unità già può libertà lunedì ragù tiramisù"
    " bontà virtù giù metà così difficoltà novità specialità babà",
    "Dutch": "één coördinatie geïnd ideeën zeeën financiën italiaanse crème café reünie knieën poëzie vóór beïnvloed egoïst",
    "Danish": "smør brød rugbrød æble æbler ærter blåbær jordbær hindbær kød kødboller fløde fløder ål grød øl rødgrød gulerødder"
    " løg hvidløg pålæg frikadeller grøn grønne grøntsager æg æggeblomme kålrabi spegepølse pølse pølser pølsebrød smørrebrød"
    " smør måltid år rør båd små store køkken møbler tøj sæbe lås nøgle høj træ være på også når få gør",
    "Swedish": "smör bröd knäckebröd äpple äpplen ärtor blåbär jordgubbar hallon kött köttbullar grädde ål öl morötter lök vitlök"
    " pålägg grön gröna grönsaker ägg kål rödkål korv älg räkor räkost gräslök kräftor sås små stora kök möbler kläder tvål"
    " lås nyckel hög trä vara på också när få gör år över är för från mjölk filmjölk påse låda skål",
    "Finnish": "leipä ruisleipä näkkileipä maitoa jäätelö sämpylä säilyke hyvä pyörä kenkä mämmi mäti lääke kahviä pähkinä pähkinät"
    " hedelmä hedelmiä päärynä mansikkajäätelö vihreä sinappia öljy rypsiöljy sähkö työ tyttö pöytä köysi hylly lämmin kylmä"
    " pakastettu käsi väri vähärasvainen kypsä tämä mitä sekä että",
    "Icelandic": "brauð smjör mjólk kjöt fiskur þorskur ýsa síld hákarl skyr rjómi egg það þetta þá þú við með að frá hefur verð"
    " stærð góður rauður grænn blár svartur hvítur ís ávextir grænmeti kartöflur laukur hangikjöt sláturfé ferð dýr nýtt",
    "Polish": "masło chleb bułka bułki mąka mięso jabłko jabłka śliwka śliwki gruszki wiśnia wiśnie śmietana śmietanka żurek"
    " kiełbasa kiełbasy ser żółty źródło woda gazowana łosoś śledź śledzie dżem pączki pączek ciastka drożdżówka sól pieprz"
    " ocet ogórki ogórek kiszony żeberka łódź gęś święta ćwikła kość część sześć pięć dziesięć książka krzesło stół łóżko"
    " miód zupa żołądki świeży świeże owoce tłuszcz olej słonecznikowy rękawice łożysko śruba nakrętka wąż przewód",
    "Czech": "máslo chléb rohlík rohlíky mouka maso jablko švestka švestky hruška třešně smetana klobása sýr žlutý voda perlivá"
    " kuře hovězí vepřové koláč koláče buchty sůl pepř ocet okurka okurky žebra česnek cibule řepa mrkev rýže těstoviny dort"
    " čokoláda čaj káva mléko jogurt tvaroh šunka slanina koření příchuť různé druhy děti krůtí kůň můj dům stůl židle"
    " šroub matice hadice ložisko přístroj náhradní díly sušenky svíčka příbor žehlička",
    "Slovak": "maslo chlieb rožok rožky múka mäso jablko slivka hruška čerešne smotana klobása syr žltý voda kura hovädzie bravčové"
    " koláč koláče soľ korenie ocot uhorka rebrá cesnak cibuľa repa mrkva ryža cestoviny torta čokoláda čaj káva mlieko jogurt"
    " tvaroh šunka slanina príchuť rôzne druhy deti môj dom stôl stolička ľudia kôň päť deväť oriešky čučoriedky žemľa",
    "Hungarian": "kenyér vaj liszt hús alma szilva körte cseresznye tejföl kolbász sajt sárga víz csirke marhahús sertés kalács só"
    " bors ecet uborka fokhagyma hagyma répa rizs tészta torta csokoládé tea kávé tej joghurt túró sonka szalonna fűszer"
    " fűszerek különböző gyümölcs gyümölcsök zöldség zöldségek őszibarack dió mogyoró méz tükör szék ágy könyv gép csavar cső"
    " fűrész hűtő hűtött fagyasztott pörkölt gulyás sütemény kürtőskalács töltött káposzta étel ízű bő hő erő nő",
    "Croatian": "maslac kruh kruščić brašno meso jabuka šljiva šljive kruška trešnje vrhnje kobasica sir žuti voda piletina govedina"
    " svinjetina kolač kolači sol papar ocat krastavac češnjak luk mrkva riža tjestenina torta čokolada čaj kava mlijeko jogurt"
    " šunka slanina začin različite voće povrće lješnjak med stolić knjiga vijak cijev ležaj uređaj žica čaša šećer ćevapi"
    " čevapčići đumbir višnja pršut kiseli kupus ražnjići žlica nož šalica đak kuća čaj",
    "Romanian": "unt pâine chiflă făină carne măr mere prună pere cireșe smântână cârnați brânză apă minerală pui vită porc prăjitură"
    " sare piper oțet castravete usturoi ceapă morcov orez paste tort ciocolată ceai cafea lapte iaurt șuncă slănină condiment"
    " fructe legume nucă miere scaun masă carte șurub țeavă rulment înghețată cașcaval mămăligă sărmăluțe țuică și să în"
    " roșii roșie ardei gras dulceață ghimbir ţară şi",
    "Turkish": "tereyağı ekmek çörek simit un et elma erik armut kiraz kaymak sucuk peynir sarı su tavuk sığır dana kurabiye kurabiyesi"
    " tuz karabiber sirke salatalık sarımsak soğan havuç pirinç makarna pasta çikolata çikolatalı çay kahve süt yoğurt jambon"
    " baharat çeşitli meyve sebze fındık fıstık bal masa sandalye kitap vida boru rulman cihaz ağaç şeker şekerleme lokum"
    " dondurma zeytinyağı üzüm kırmızı yeşil beyaz siyah küçük büyük taze ışık ılık ayçiçek yağı şişe için değil güneş",
    "Lithuanian": "sviestas duona bandelė miltai mėsa obuolys slyva kriaušė vyšnios grietinė dešra sūris geltonas vanduo vištiena jautiena"
    " kiauliena pyragas druska pipirai actas agurkas česnakas svogūnas morka ryžiai makaronai tortas šokoladas arbata kava pienas"
    " jogurtas kumpis lašiniai prieskoniai įvairūs vaisiai daržovės riešutai medus stalas kėdė knyga varžtas žarna guolis ąžuolas"
    " žąsis žuvis silkė šviežias šaldytas saldainiai šešių ūkis ačiū rūkytas",
    "Latvian": "sviests maize kliņģeris milti gaļa ābols plūme bumbieris ķirši krējums desa siers dzeltens ūdens vista liellopu cūkgaļa"
    " kūka sāls pipari etiķis gurķis ķiploks sīpols burkāns rīsi makaroni torte šokolāde tēja kafija piens jogurts šķiņķis speķis"
    " garšvielas dažādi augļi dārzeņi rieksti medus galds krēsls grāmata skrūve caurule gultnis svaigs saldēts žāvēts kūpināts"
    " cepumi biezpiens skābs ēdiens zivs siļķe lielā mazā",
    "Estonian": "või leib sai kukkel jahu liha õun õunad ploom pirn kirss hapukoor vorst juust kollane vesi kana veis siga kook sool pipar"
    " äädikas kurk küüslauk sibul porgand riis tort šokolaad tee kohv piim jogurt sink pekk maitseained erinevad puuviljad köögivili"
    " köögiviljad pähkel pähklid mesi laud tool raamat kruvi toru laager värske külmutatud suitsutatud küpsised kohupiim või öö"
    " jäätis rõõm kõik põld mõõt",
    "Russian": "масло хлеб булка мука мясо яблоко яблоки слива груша вишня сметана колбаса сыр жёлтый вода курица говядина свинина пирог"
    " пирожки соль перец уксус огурец огурцы чеснок лук морковь рис макароны торт шоколад чай кофе молоко йогурт творог ветчина"
    " специи разные фрукты овощи орехи мёд стол стул книга болт труба подшипник прибор печенье пончики конфеты мороженое сахар"
    " крупа гречневая свежий замороженный копчёный рыба сельдь икра кефир сухари пряники вафли карамель набор для на без с из и"
    " белый чёрный красный большой маленький упаковка штука кг цена товар изделие провод кабель выключатель",
    "Ukrainian": "масло хліб булка борошно м'ясо яблуко яблука слива груша вишня сметана ковбаса сир жовтий вода курка яловичина свинина"
    " пиріг пиріжки сіль перець оцет огірок огірки часник цибуля морква рис макарони торт шоколад чай кава молоко йогурт шинка"
    " спеції різні фрукти овочі горіхи мед стіл стілець книга болт труба підшипник прилад печиво пончики цукерки морозиво цукор"
    " крупа гречана свіжий заморожений копчений риба оселедець ікра кефір сухарі пряники вафлі її їжа для на без з із і й та"
    " білий чорний червоний великий маленький упаковка ціна виріб ґудзик",
    "Bulgarian": "масло хляб брашно месо ябълка слива круша череша сметана колбас сирене кашкавал вода пилешко говеждо свинско баница сол"
    " пипер оцет краставица чесън лук морков ориз макарони торта шоколад чай кафе мляко кисело шунка подправки различни плодове"
    " зеленчуци орехи мед маса стол книга болт тръба лагер уред бисквити понички бонбони сладолед захар пресен замразен пушен"
    " риба домати чушки боб леща лютеница ъгъл към със от за на и",
    "Serbian": "маслац хлеб брашно месо јабука шљива крушка трешња павлака кобасица сир вода пилетина говедина свињетина колач со бибер"
    " сирће краставац бели лук шаргарепа пиринач торта чоколада чај кафа млеко јогурт шунка сланина зачин различито воће поврће"
    " лешник мед сто столица књига вијак цев лежај уређај ћевапи џем ђумбир љута њива шећер кекс крофне",
    "Greek": "βούτυρο ψωμί αλεύρι κρέας μήλο δαμάσκηνο αχλάδι κεράσι κρέμα λουκάνικο τυρί κίτρινο νερό κοτόπουλο μοσχάρι χοιρινό πίτα αλάτι"
    " πιπέρι ξύδι αγγούρι σκόρδο κρεμμύδι καρότο ρύζι ζυμαρικά τούρτα σοκολάτα τσάι καφές γάλα γιαούρτι ζαμπόν μπαχαρικά διάφορα"
    " φρούτα λαχανικά καρύδια μέλι τραπέζι καρέκλα βιβλίο βίδα σωλήνας μπισκότα παγωτό ζάχαρη ελιές ελαιόλαδο φρέσκο κατεψυγμένο"
    " καπνιστό ψάρι και το της για με από σε φέτα ντομάτα πατάτες",
    "Hebrew": "חמאה לחם קמח בשר תפוח שזיף אגס דובדבן שמנת נקניק גבינה צהוב מים עוף בקר עוגה עוגיות מלח פלפל חומץ מלפפון שום בצל גזר אורז"
    " פסטה שוקולד תה קפה חלב יוגורט תבלינים שונים פירות ירקות אגוזים דבש שולחן כיסא ספר בורג צינור סוכריות גלידה סוכר טרי קפוא"
    " מעושן דג זיתים שמן זית עגבניות חומוס טחינה של את על עם לא",
    "Arabic": "زبدة خبز دقيق طحين لحم تفاح خوخ كمثرى كرز كريمة نقانق جبن أصفر ماء دجاج بقر كعك بسكويت ملح فلفل خل خيار ثوم بصل جزر أرز"
    " معكرونة شوكولاتة شاي قهوة حليب زبادي بهارات مختلفة فواكه خضروات مكسرات عسل طاولة كرسي كتاب برغي أنبوب حلوى مثلجات سكر"
    " طازج مجمد مدخن سمك زيتون زيت طماطم حمص تمر من في على إلى مع هذا عصير البرتقال الأبيض",
    "Persian": "کره نان آرد گوشت سیب آلو گلابی گیلاس خامه سوسیس پنیر زرد آب مرغ گاو کیک بیسکویت نمک فلفل سرکه خیار سیر پیاز هویج برنج"
    " ماکارونی شکلات چای قهوه شیر ماست ادویه میوه سبزیجات گردو پسته عسل میز صندلی کتاب پیچ لوله شیرینی بستنی شکر تازه ماهی",
    "Thai": "เนย ขนมปัง แป้ง เนื้อ แอปเปิ้ล พลัม ลูกแพร์ เชอร์รี่ ครีม ไส้กรอก ชีส สีเหลือง น้ำ ไก่ หมู วัว เค้ก คุกกี้ เกลือ พริกไทย น้ำส้มสายชู แตงกวา กระเทียม"
    " หัวหอม แครอท ข้าว พาสต้า ช็อกโกแลต ชา กาแฟ นม โยเกิร์ต แฮม เครื่องเทศ ผลไม้ ผัก ถั่ว น้ำผึ้ง โต๊ะ เก้าอี้ หนังสือ ท่อ ไอศกรีม น้ำตาล สด แช่แข็ง ปลา กุ้ง มะม่วง"
    " มะพร้าว น้ำปลา และ ของ ที่ ใน กล่อง ชิ้น",
    "Vietnamese": "bơ bánh mì bột thịt táo mận lê kem xúc xích phô mai vàng nước gà bò lợn bánh quy muối tiêu giấm dưa chuột tỏi hành cà rốt gạo"
    " sô cô la trà cà phê sữa chua gia vị trái cây rau hạt mật ong bàn ghế sách ống kẹo đường tươi đông lạnh cá tôm xoài dừa phở nước mắm"
    " của và những được trong với cho người hộp miếng chiếc đồ điện",
}

#: By language: the characters that are most frequent, in lists of goods as elsewhere.
CHARACTERS: dict[str, str] = {
    "Japanese": "のにはをたがでてとしれさあいるなこまきけらりすもくうかつめよおやちせそえわほみふむ日本人大年一二三四五国会中上下小"
    "個円入用品商店食水茶米肉魚牛豚鶏卵乳味噌油塩砂糖菓子飴麺豆腐野菜果物桃梨柿林檎生新鮮冷凍焼揚煮蒸袋箱缶瓶本枚色白黒赤青緑"
    "黄金銀木紙布鉄電機器部品番号価格名前高低長短大型式製造専用無添加特選国産北海道京都東京大阪アイウエオカキクケコサシスセソタチツテト"
    "ナニヌネノハヒフヘホマミムメモヤユヨラリルレロワンガギグゲゴザジズゼゾダデドバビブベボパピプペポッャュョァィゥェォーヴ・、。",
    "Simplified Chinese": "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种"
    "事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性"
    "知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常"
    "先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管"
    "期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张"
    "该交规万取拉格望觉术领共确传师观清今切院让识候带导争运笔料油盐酱醋糖茶酒饮料米面粉饼干糕点果汁奶牛猪鸡鸭鱼虾肉蛋菜瓜豆腐蘑菇番茄土"
    "豆苹梨桃橙香蕉葡萄草莓花椒辣鲜冻熟烤炸炒煮蒸袋盒箱瓶罐包装克升毫千价单货号码曲奇甜圈巧力冰淇淋饺馒零食螺丝轴承管阀线缆灯泡纸巾",
    "Traditional Chinese": "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種"
    "事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性"
    "知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常"
    "先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計管"
    "期市直資命山金指許統區保至隊形社便空決治展馬科司五基眼書非則聽白界達光放強即像難且權思王象完設式色路記南品住告類求據程北邊張料油鹽醬"
    "醋糖茶酒飲米麵粉餅乾糕點果汁奶牛豬雞鴨魚蝦肉蛋菜瓜豆腐蘑菇番茄蘋梨桃橙香蕉葡萄草莓花椒辣鮮凍熟烤炸炒煮蒸袋盒箱瓶罐包裝克升毫千價單貨"
    "號碼曲奇甜圈巧冰淇淋餃饅零食螺絲軸承管閥線纜燈泡紙巾鳳梨台灣灣珍珠",
    "Korean": "이가는은을를의에서로고하다한지기사리시자아인도대어나라정제수일상전주보부유구신스해과조성원장공비그동소식계무안마오경"
    "연관미선생국방진모분드치단민위체용재반물우중세요문실업학적간건개산여영명내내외금행회양트터크르프토코카타파호히차초최추통품"
    "빵떡밥쌀국면고기닭돼지소생선새우달걀우유치즈버터설탕소금간장된장고추장김치배추무양파마늘당근감자고구마사과배포도딸기수박복숭아귤레"
    "몬초콜릿과자사탕케이크커피차주스물맥주와인냉동신선구운볶음찜봉지상자병캔개가격상품번호도넛쿠키만두라면참기름",
}
